import type { Observer } from '../observer.ts';
import { toFaultEvent } from './fault-event.ts';
import { redisBackoffMs } from './redis-backoff.ts';

/**
 * Runs a pass again and again. The pass returns the time until the next one, ms. A pass that throws is reported and
 * repeated after a growing pause.
 *
 * States: new -> running (`start`) -> stopped (`stop`, which waits for the pass under way).
 */
export class Loop {
  readonly #name: string;
  readonly #pass: () => Promise<number>;
  readonly #observe: Observer;
  #stopped = false;
  #run: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(name: string, pass: () => Promise<number>, observe: Observer) {
    this.#name = name;
    this.#pass = pass;
    this.#observe = observe;
  }

  start(): void {
    this.#run ??= this.#loop();
  }

  /** Ends the pause before the next pass. */
  wake(): void {
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#run;
  }

  async #loop(): Promise<void> {
    let failures = 0;
    while (!this.#stopped) {
      let delay: number;
      try {
        delay = await this.#pass();
        failures = 0;
      } catch (error) {
        delay = redisBackoffMs(failures);
        failures += 1;
        this.#observe(toFaultEvent(this.#name, error));
      }
      if (delay > 0) await this.#pause(delay);
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}
