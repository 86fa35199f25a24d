import { expect, it } from 'vitest';
import { redisBackoffMs } from '../../src/maintenance/redis-backoff.ts';

it('doubles from 50 ms up to a second', () => {
  expect([0, 1, 2, 3, 4, 5, 100].map(redisBackoffMs)).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
});
