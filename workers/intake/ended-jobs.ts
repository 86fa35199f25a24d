import type { Completion, Settled } from '../../src/lifecycle/consumer.ts';
import { latencyField } from '../../src/lifecycle/latency-histogram.ts';

/** A job that has ended with a result, until Redis knows it. */
export interface EndedJob {
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
export function nextGroup(ended: EndedJob[]): EndedJob[] {
  let length = 0;
  const over = ended.findIndex(({ completion }, i) => {
    length += completion.tail.length;
    return i > 0 && (i >= MAX_GROUP || length > MAX_GROUP_LENGTH);
  });
  return ended.splice(0, over === -1 ? ended.length : over);
}

/** Counts are told this often: they are for people. */
export const FLUSH_EVERY_MS = 1_000;
const NONE: ReadonlyMap<string, number> = new Map();

/** Counts of waits and runs by field of the histogram, until they are told to Redis. */
export class LatencyTally {
  #counts = new Map<string, number>();
  #toldAt = Number.NEGATIVE_INFINITY;

  count({ waitMs, runMs }: EndedJob): void {
    this.#add(latencyField('wait', waitMs), 1);
    this.#add(latencyField('run', runMs), 1);
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Whether there is something that was not told for a while. `now` in monotonic ms, as everywhere here. */
  isDue(now: number): boolean {
    return this.#counts.size > 0 && now - this.#toldAt >= FLUSH_EVERY_MS;
  }

  /** What is to be told now, which is then forgotten here; most times nothing. */
  take(now: number): ReadonlyMap<string, number> {
    return this.isDue(now) ? this.takeAll(now) : NONE;
  }

  takeAll(now: number): ReadonlyMap<string, number> {
    const counts = this.#counts;
    this.#counts = new Map();
    this.#toldAt = now;
    return counts;
  }

  /** What could not be told. */
  giveBack(counts: ReadonlyMap<string, number>): void {
    for (const [field, count] of counts) this.#add(field, count);
  }

  #add(field: string, count: number): void {
    this.#counts.set(field, (this.#counts.get(field) ?? 0) + count);
  }
}
