import { redisBackoffMs } from '../../../src/maintenance/redis-backoff.ts';

/** Pauses the batcher's calls to a primary while it cannot serve them, and says which faults are new. */
export class CallBackoff {
  readonly #onRetry: () => void;
  /** Calls that were reported as failed since the last success. */
  readonly #reported = new Set<string>();
  #failures = 0;
  #isPaused = false;
  #isUnreached = false;
  #isGivenUp = false;

  /** @param onRetry called at the end of a pause. */
  constructor(onRetry: () => void) {
    this.#onRetry = onRetry;
  }

  /** Whether calls must wait. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Whether the server could not be reached, and no call has succeeded since. */
  get isUnreached(): boolean {
    return this.#isUnreached;
  }

  /** Whether a failed call must not be repeated. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#isUnreached = false;
    if (this.#reported.size > 0) this.#reported.clear();
  }

  /**
   * Starts a pause. Returns whether this kind of call failed for the first time since the last success.
   *
   * @param isUnreached whether the server is unavailable, rather than the call at fault.
   */
  failed(call: string, isUnreached = true): boolean {
    this.#isUnreached ||= isUnreached;
    const isNew = !this.#reported.has(call);
    this.#reported.add(call);
    if (!this.#isPaused && !this.#isGivenUp) this.#pause();
    return isNew;
  }

  /** Ends the pause. A call that fails from now on is not repeated. */
  giveUp(): void {
    this.#isGivenUp = true;
    this.#isPaused = false;
    this.#onRetry();
  }

  #pause(): void {
    this.#isPaused = true;
    setTimeout(() => {
      this.#isPaused = false;
      this.#onRetry();
    }, redisBackoffMs(this.#failures)).unref();
    this.#failures += 1;
  }
}
