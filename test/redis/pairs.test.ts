import { expect, it } from 'vitest';
import { toPairs } from '../../src/redis/pairs.ts';

it('a flat reply becomes pairs; a last text without a partner is dropped', () => {
  expect(toPairs(['a', '1', 'b', '2'])).toEqual([
    ['a', '1'],
    ['b', '2'],
  ]);
  expect(toPairs(['a', '1', 'b'])).toEqual([['a', '1']]);
  expect(toPairs([])).toEqual([]);
});
