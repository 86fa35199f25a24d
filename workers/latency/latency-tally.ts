import { latencyField } from '../../src/lifecycle/latency-histogram.ts';
import type { FinishedJob } from '../intake/calls/finished-jobs.ts';

/** How often counts are written. People read them, so a second is soon enough. */
export const FLUSH_EVERY_MS = 1_000;
const NOTHING: ReadonlyMap<string, number> = new Map();

/** Counts waits and runs by field of the latency histogram, until they are written to Redis. Times are monotonic ms. */
export class LatencyTally {
  #counts = new Map<string, number>();
  #flushedAt = Number.NEGATIVE_INFINITY;

  count({ waitMs, runMs }: FinishedJob): void {
    this.#add(latencyField('wait', waitMs), 1);
    this.#add(latencyField('run', runMs), 1);
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Whether there are counts, and the last flush was long enough ago. */
  isDue(now: number): boolean {
    return this.#counts.size > 0 && now - this.#flushedAt >= FLUSH_EVERY_MS;
  }

  /** Removes and returns the counts if they are due; usually they are not. */
  takeDue(now: number): ReadonlyMap<string, number> {
    return this.isDue(now) ? this.takeAll(now) : NOTHING;
  }

  takeAll(now: number): ReadonlyMap<string, number> {
    const counts = this.#counts;
    this.#counts = new Map();
    this.#flushedAt = now;
    return counts;
  }

  /** Adds counts back that could not be written. */
  restore(counts: ReadonlyMap<string, number>): void {
    for (const [field, count] of counts) this.#add(field, count);
  }

  #add(field: string, count: number): void {
    this.#counts.set(field, (this.#counts.get(field) ?? 0) + count);
  }
}
