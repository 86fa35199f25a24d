import { expect, it } from 'vitest';
import { compare, isSameLine, parseVersion, type Version } from '../../../src/redis/server/version.ts';

it.each([
  ['7.2.16', [7, 2, 16]],
  ['df-v1.30.0', [1, 30, 0]],
  ['8.10', [8, 10, 0]],
  ['unknown', undefined],
])('reads %s', (text, version) => {
  expect(parseVersion(text)).toEqual(version);
});

it('compares by number, not by letter', () => {
  const [old, recent]: Version[] = [
    [7, 4, 9],
    [7, 4, 10],
  ];
  if (old === undefined || recent === undefined) throw new Error('two versions');
  expect(compare(old, recent)).toBeLessThan(0);
  expect(isSameLine(old, recent)).toBe(true);
  expect(isSameLine(old, [7, 2, 9])).toBe(false);
});
