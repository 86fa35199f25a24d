import { redisBackoffMs } from '../../src/maintenance/redis-backoff.ts';

/** Pauses the batcher's calls while Redis cannot serve them, and says which faults are new. */
export class CallBackoff {
  readonly #onRetry: () => void;
  /** Calls that were reported as failed since the last success. */
  readonly #reported = new Set<string>();
  #failures = 0;
  #isPaused = false;
  #isGivenUp = false;

  /** @param onRetry called at the end of a pause. */
  constructor(onRetry: () => void) {
    this.#onRetry = onRetry;
  }

  /** Whether calls must wait. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Whether a failed call must not be repeated. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  succeeded(): void {
    this.#failures = 0;
    if (this.#reported.size > 0) this.#reported.clear();
  }

  /** Starts a pause. Returns whether this kind of call failed for the first time since the last success. */
  failed(call: string): boolean {
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
