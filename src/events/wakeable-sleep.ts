import type { ShownEnd } from './dispatch.ts';

/** A sleep that ends early when woken; a wake-up between two sleeps is kept for the next one. */
export class WakeableSleep {
  #woken = false;
  #ended = false;
  #told: ShownEnd | undefined;
  #end: (() => void) | undefined;

  /** Nobody waits for the answer any more, or all are to be answered. */
  get ended(): boolean {
    return this.#ended;
  }

  readonly end = (): void => {
    this.#ended = true;
    this.wake();
  };

  readonly wake = (told?: ShownEnd): void => {
    this.#woken = true;
    this.#told = told ?? this.#told;
    this.#end?.();
  };

  /** The end that was told with a wake-up, if any. */
  rearm(): ShownEnd | undefined {
    this.#woken = false;
    return this.#told;
  }

  sleep(ms: number): Promise<void> {
    if (this.#woken || this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end?.(), ms);
      this.#end = () => {
        clearTimeout(timer);
        this.#end = undefined;
        resolve();
      };
    });
  }
}
