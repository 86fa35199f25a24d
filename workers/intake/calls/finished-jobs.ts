import type { Completion, Settled } from '../../../src/lifecycle/consumer.ts';

/** A job that finished with a result, until Redis has stored it. */
export interface FinishedJob {
  readonly completion: Completion;
  readonly waitMs: number;
  readonly runMs: number;
  /** Exactly one of the two is called, once. */
  readonly onSettled: (settled: Settled) => void;
  readonly onError: (error: unknown) => void;
}

/** Completions in one call: bounds the time for which the script keeps Redis busy. */
const MAX_JOBS = 100;
/** Characters of results in one call, unless a single result is longer: bounds what is held in memory twice. */
const MAX_LENGTH = 4_194_304;

/** Removes the jobs of the next call from the start of the list. */
export function takeChunk(finished: FinishedJob[]): FinishedJob[] {
  let length = 0;
  const firstTooMany = finished.findIndex(({ completion }, i) => {
    length += completion.tail.length;
    return i > 0 && (i >= MAX_JOBS || length > MAX_LENGTH);
  });
  return finished.splice(0, firstTooMany === -1 ? finished.length : firstTooMany);
}
