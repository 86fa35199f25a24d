import { expect, it } from 'vitest';
import { Tally } from '../../../src/telemetry/metrics/tally.ts';

it('counts a time in the first bucket whose bound it does not pass', () => {
  const tally = new Tally([1, 10]);
  for (const seconds of [0, 1, 1.5, 10, 11]) tally.record(seconds);
  expect(tally.counts).toEqual([2, 2, 1]);
  expect(tally.sum).toBe(23.5);
});

it('adds what another process has counted, and starts again', () => {
  const tally = new Tally([1]);
  tally.record(0.5);
  tally.add(4, [1, 1]);
  expect([tally.sum, tally.counts, tally.isEmpty]).toEqual([4.5, [2, 1], false]);
  tally.reset();
  expect([tally.sum, tally.counts, tally.isEmpty]).toEqual([0, [0, 0], true]);
});
