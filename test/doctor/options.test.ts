import { expect, it } from 'vitest';
import { parseOptions } from '../../src/doctor/options.ts';

it('has defaults', () => {
  expect(parseOptions([])).toEqual({ json: false, help: false, ignored: new Set() });
});

it('takes ids to ignore, comma separated or one by one', () => {
  const { ignored } = parseOptions(['--ignore', 'known-holes, overcommit', '--ignore=timeout']);
  expect([...ignored]).toEqual(['known-holes', 'overcommit', 'timeout']);
});

it('refuses an option that does not exist', () => {
  expect(() => parseOptions(['--jsn'])).toThrow(/--jsn/);
});

it('refuses an id that no finding has, and lists those that some have', () => {
  expect(() => parseOptions(['--ignore', 'timeout,bogus'])).toThrow(/"bogus".* acl, .*timeout, /);
});
