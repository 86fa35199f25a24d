import { expect, it } from 'vitest';
import { redisBackoffMs } from '../../src/maintenance/redis-backoff.ts';

it('doubles from 50 ms up to a second', () => {
  const longest = [0, 1, 2, 3, 4, 5, 100].map((failures) => redisBackoffMs(failures, 1));
  expect(longest).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
});

it('is random by half', () => {
  expect(redisBackoffMs(5, 0)).toBe(500);
  const delays = new Set(Array.from({ length: 100 }, () => redisBackoffMs(5)));
  expect(delays.size).toBeGreaterThan(90);
});
