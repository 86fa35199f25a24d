import type { ShownResult } from './dispatch.ts';

/** A sleep that ends early when woken; a wake-up between two sleeps is kept for the next one. */
export class WakeableSleep {
  #woken = false;
  #ended = false;
  #result: ShownResult | undefined;
  #resume: (() => void) | undefined;

  /** The client has gone, or the service stops. */
  get ended(): boolean {
    return this.#ended;
  }

  readonly end = (): void => {
    this.#ended = true;
    this.wake();
  };

  readonly wake = (result?: ShownResult): void => {
    this.#woken = true;
    this.#result = result ?? this.#result;
    this.#resume?.();
  };

  /** Gets ready for the next sleep; returns the result that came with a wake-up, if any. */
  rearm(): ShownResult | undefined {
    this.#woken = false;
    return this.#result;
  }

  sleep(ms: number): Promise<void> {
    if (this.#woken || this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#resume?.(), ms);
      this.#resume = () => {
        clearTimeout(timer);
        this.#resume = undefined;
        resolve();
      };
    });
  }
}
