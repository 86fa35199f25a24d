import { expect, it } from 'vitest';
import { formatKey, newKey, parseKeyText } from '../../src/access/key-text.ts';

it('a key is mrk_<id>_<secret>, with 256 random bits', () => {
  const key = newKey(1_800_000_000_000);
  expect(formatKey(key)).toMatch(/^mrk_[0-9a-z]{18}_[A-Za-z0-9_-]{43}$/);
  expect(parseKeyText(formatKey(key))).toEqual(key);
  expect(Buffer.from(key.secret, 'base64url')).toHaveLength(32);
  expect(newKey(1_800_000_000_000).secret).not.toBe(key.secret);
});

it('ids are in the order of their times', () => {
  const ids = [1_800_000_000_000, 1_800_000_000_001, 1_900_000_000_000].map((now) => newKey(now).id);
  expect(ids.toSorted()).toEqual(ids);
});

it.each(['', 'mrk_', 'mrk_a_b', `mrk_A_${'x'.repeat(43)}`, `mrk_a_${'x'.repeat(44)}`, `a_${'x'.repeat(43)}`])(
  '%j is no key',
  (text) => expect(parseKeyText(text)).toBeUndefined(),
);
