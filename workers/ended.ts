import type { Completion, Settled } from '../src/queue/consume.ts';
import { latencyField } from '../src/queue/latency.ts';

/** A job that has ended with a result, until Redis knows it. */
export interface Ended {
  readonly completion: Completion;
  readonly waitMs: number;
  readonly runMs: number;
  /** One of the two is called, once. */
  readonly settled: (settled: Settled) => void;
  readonly failed: (error: unknown) => void;
}

/** Completions in one call: bounds the time for which the script keeps Redis busy. */
const MAX_GROUP = 200;
/** Characters of results in one call, but for a single one that is longer: bounds what is held twice. */
const MAX_GROUP_LENGTH = 4_194_304;

/** Takes those that go in the next call out of the list. */
export function nextGroup(ended: Ended[]): Ended[] {
  let length = 0;
  const over = ended.findIndex(({ completion }, i) => {
    length += completion.tail.length;
    return i > 0 && (i >= MAX_GROUP || length > MAX_GROUP_LENGTH);
  });
  return ended.splice(0, over === -1 ? ended.length : over);
}

/** Counts of their waits and runs by field of the histogram. */
export function histogram(group: readonly Ended[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { waitMs, runMs } of group) {
    for (const field of [latencyField('wait', waitMs), latencyField('run', runMs)]) {
      counts.set(field, (counts.get(field) ?? 0) + 1);
    }
  }
  return counts;
}
