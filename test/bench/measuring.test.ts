import { expect, test } from 'vitest';
import { poisson } from '../../bench/load/arrivals.ts';
import { percentiles } from '../../bench/load/percentiles.ts';
import { Progress, rateBetween } from '../../bench/progress.ts';

test('percentiles are values that were measured, by nearest rank', () => {
  const values = Array.from({ length: 1_000 }, (_, i) => 1_000 - i);
  expect(percentiles(values)).toEqual({ p50: 500, p90: 900, p99: 990, p999: 999 });
  expect(percentiles([7])).toEqual({ p50: 7, p90: 7, p99: 7, p999: 7 });
  expect(() => percentiles([])).toThrow('Nothing was measured');
});

test('arrivals come at their rate, in order, the same for the same seed', () => {
  const times = poisson(1_000, 10_000, 1);
  expect(times.length).toBeGreaterThan(9_500);
  expect(times.length).toBeLessThan(10_500);
  expect(times).toEqual(times.toSorted());
  expect(poisson(1_000, 10_000, 1)).toEqual(times);
  expect(poisson(1_000, 10_000, 2)).not.toEqual(times);
});

test('a mark is a count that was seen, not the goal', async () => {
  const counts = [0, 40, 120];
  const progress = new Progress(async () => counts.shift() ?? 0, 10_000);
  const mark = await progress.until(100);
  expect(mark.count).toBe(120);
  expect(progress.looks).toBe(3);
  expect(rateBetween({ count: 20, at: 1_000 }, { count: 120, at: 1_500 })).toBe(200);
});

test('a goal that is not reached ends the wait', async () => {
  await expect(new Progress(async () => 3, 0).until(5)).rejects.toThrow('Only 3 of 5 jobs');
});
