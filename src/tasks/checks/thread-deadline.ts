import { readFileSync } from 'node:fs';
import { systemClock } from '../../clock.ts';

/** On a busy machine a deadline comes at most so many times later by the clock. */
const MAX_STRETCH = 10;

/**
 * A deadline for the work of a thread. Where Linux tells it, only the time counts for which the thread had a core: a busy
 * machine does not make a check late.
 */
export class ThreadDeadline {
  /** The thread in /proc; undefined elsewhere. */
  thread: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #round = 0;

  /** Calls `onLate` unless it is stopped, or started again, before. */
  start(ms: number, onLate: () => void): void {
    this.stop();
    const round = this.#round;
    const begunAt = this.#usedMs();
    const lastAt = systemClock.monotonic() + MAX_STRETCH * ms;
    const look = () => {
      if (this.#round !== round) return;
      const left = ms - (this.#usedMs() - begunAt);
      if (left > 1 && systemClock.monotonic() < lastAt) wait(left);
      else onLate();
    };
    const wait = (leftMs: number) => {
      // An answer that is there already counts, however late this process looks.
      this.#timer = setTimeout(() => setImmediate(look), leftMs).unref();
    };
    wait(ms);
  }

  stop(): void {
    this.#round += 1;
    clearTimeout(this.#timer);
  }

  /** How long the thread had a core so far, ms; elsewhere the time of a clock. */
  #usedMs(): number {
    if (this.thread === undefined) return systemClock.monotonic();
    try {
      return Number(readFileSync(`/proc/${this.thread}/schedstat`, 'utf8').split(' ', 1)[0]) / 1e6;
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  }
}
