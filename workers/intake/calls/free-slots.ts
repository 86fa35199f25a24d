import type { RunningJob } from '../../run/running-job.ts';
import type { ConcurrencyLimiter } from '../concurrency-limiter.ts';
import type { InFlight } from './in-flight.ts';

/** Counts the slots for jobs of a new call. */
export class FreeSlots {
  readonly #limiter: ConcurrencyLimiter<RunningJob>;
  readonly #inFlight: InFlight;

  constructor(limiter: ConcurrencyLimiter<RunningJob>, inFlight: InFlight) {
    this.#limiter = limiter;
    this.#inFlight = inFlight;
  }

  /**
   * Below 0 where more jobs are held or expected than may be: when a primary is there again.
   *
   * @param allowsReadAhead a job that is read ahead counts as running, so a queue with a limit may forbid it.
   */
  count(allowsReadAhead = true): number {
    const { freeSlots, freeStarts } = this.#limiter;
    const reserved = this.#inFlight.reservedSlots;
    if (!this.#inFlight.hasMany) return (allowsReadAhead ? freeSlots : freeStarts) - reserved;
    return this.#limiter.freeBeside(this.#endedAway, allowsReadAhead) - reserved;
  }

  /** Jobs that have ended, but wait for a primary that is away. They must not keep jobs of the others from running. */
  get #endedAway(): number {
    if (!this.#inFlight.areSomeAway) return 0;
    let ended = 0;
    for (const { hasEnded, delivery } of this.#limiter.held) {
      if (hasEnded && this.#inFlight.of(delivery.keys).isAway) ended += 1;
    }
    return ended;
  }
}
