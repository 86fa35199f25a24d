import { expect, it } from 'vitest';
import { LatencyTally } from '../../../workers/latency/latency-tally.ts';

const job = { waitMs: 5, runMs: 50 } as Parameters<LatencyTally['count']>[0];
const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, n) => sum + n, 0);

it('counts a wait and a run of each job', () => {
  const tally = new LatencyTally();
  tally.count(job);
  tally.count(job);
  expect([...tally.takeAll(0).values()]).toEqual([2, 2]);
  expect(tally.isEmpty).toBe(true);
});

it('gives counts out at most once a second', () => {
  const tally = new LatencyTally();
  tally.count(job);
  expect(total(tally.takeDue(0))).toBe(2);
  tally.count(job);
  expect([tally.isDue(999), total(tally.takeDue(999))]).toEqual([false, 0]);
  expect(total(tally.takeDue(1_000))).toBe(2);
});

it('adds counts back that could not be written', () => {
  const tally = new LatencyTally();
  tally.count(job);
  const counts = tally.takeAll(0);
  tally.count(job);
  tally.restore(counts);
  expect(total(tally.takeAll(0))).toBe(4);
});
