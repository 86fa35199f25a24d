import { expect, it } from 'vitest';
import { systemClock } from '../src/clock.ts';

it('systemClock gives Unix time, and a monotonic time of its own', () => {
  expect(Math.abs(systemClock.wall() - Date.now())).toBeLessThan(1_000);
  const first = systemClock.monotonic();
  expect(systemClock.monotonic()).toBeGreaterThanOrEqual(first);
  expect(first).toBeLessThan(systemClock.wall());
});
