/** A job that is read ahead should start within this time, if attempts stay as short as they were. */
const MAX_WAIT_MS = 2;
/** Weight of the newest attempt in the mean. */
const WEIGHT = 0.1;
/** Where concurrency is low, this many jobs are worth a round trip. */
const MIN_LIMIT = 4;

/**
 * How many jobs beyond its concurrency a process may hold ready, so that short jobs do not wait for a round trip each.
 * None, until attempts have been short. docs/decisions/0008-short-jobs-are-read-ahead.md gives the reasons.
 */
export class ReadAhead {
  readonly #limit: number;
  #meanMs = Number.POSITIVE_INFINITY;

  constructor(concurrency: number) {
    this.#limit = Math.max(MIN_LIMIT, concurrency);
  }

  /** Mean duration of recent attempts, ms; infinite until one has ended. */
  get meanMs(): number {
    return this.#meanMs;
  }

  get jobs(): number {
    return Math.min(this.#limit, Math.floor(MAX_WAIT_MS / this.#meanMs));
  }

  /** Records the duration of an attempt. One that is longer than MAX_WAIT_MS turns read-ahead off at once. */
  record(runMs: number): void {
    const isShort = Number.isFinite(this.#meanMs) && runMs < MAX_WAIT_MS;
    this.#meanMs = isShort ? this.#meanMs + (runMs - this.#meanMs) * WEIGHT : runMs;
  }

  /** Turns read-ahead off until the next attempt ends: the jobs that were read ahead had to wait. */
  reset(): void {
    this.#meanMs = Number.POSITIVE_INFINITY;
  }
}
