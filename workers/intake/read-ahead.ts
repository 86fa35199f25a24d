/** Jobs that are read ahead have to begin within this time if all goes on as it did. */
const WAIT_MS = 2;
/** Of each attempt in the mean. */
const WEIGHT = 0.1;
/** Where concurrency is low, so many are worth a round trip. */
const LEAST = 4;

/**
 * How many jobs beyond its concurrency a process may hold ready, so that short jobs do not wait for a round trip
 * each: none, until attempts are known to be short. docs/decisions/0008-short-jobs-are-read-ahead.md says why.
 */
export class ReadAhead {
  readonly #most: number;
  #meanMs = Number.POSITIVE_INFINITY;

  constructor(concurrency: number) {
    this.#most = Math.max(LEAST, concurrency);
  }

  /** How long attempts take of late, ms; infinite until one has ended. */
  get meanMs(): number {
    return this.#meanMs;
  }

  get jobs(): number {
    return Math.min(this.#most, Math.floor(WAIT_MS / this.#meanMs));
  }

  /** An attempt took so long. One that is longer than all should wait ends reading ahead at once. */
  note(runMs: number): void {
    const isKnown = Number.isFinite(this.#meanMs) && runMs < WAIT_MS;
    this.#meanMs = isKnown ? this.#meanMs + (runMs - this.#meanMs) * WEIGHT : runMs;
  }

  /** What was read ahead had to wait: nothing is known any more. */
  forget(): void {
    this.#meanMs = Number.POSITIVE_INFINITY;
  }
}
