import { expect, it } from 'vitest';
import { belowPrefix } from '../../../src/http/request/below-prefix.ts';

it('the path of the public address is cut off where it is the beginning of a path', () => {
  const { rewriteUrl } = belowPrefix('https://example.com/a/b');
  const rewritten = ['/a/b/jobs?x=1', '/a/b', '/a/b?x', '/a/bc', '/jobs', '/a'].map((url) =>
    rewriteUrl?.({ url }),
  );
  expect(rewritten).toEqual(['/jobs?x=1', '/', '/?x', '/a/bc', '/jobs', '/a']);
});

it.each(['', 'https://example.com', 'https://example.com:8443'])(
  'nothing is rewritten for %j',
  (publicUrl) => {
    expect(belowPrefix(publicUrl)).toEqual({});
  },
);
