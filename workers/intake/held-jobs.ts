import type { AbortCause } from '../run/abort.ts';
import type { RunningJob } from '../run/running-job.ts';

/** Aborts jobs that this process holds. */
export class HeldJobs {
  readonly #limiter: { readonly held: readonly RunningJob[] };

  constructor(limiter: { readonly held: readonly RunningJob[] }) {
    this.#limiter = limiter;
  }

  cancel(queue: string, ref: string): void {
    this.#abort('cancelled', (job) => job.delivery.keys.queue === queue && job.refText === ref);
  }

  /** @param registeredAt Unix ms of Redis: jobs that were taken later belong to a new lease. */
  loseLease(queue: string, registeredAt = Number.POSITIVE_INFINITY): void {
    this.#abort(
      'lease-lost',
      ({ delivery }) => delivery.keys.queue === queue && delivery.takenAt < registeredAt,
    );
  }

  abortAll(cause: AbortCause): void {
    this.#abort(cause, () => true);
  }

  #abort(cause: AbortCause, isMeant: (job: RunningJob) => boolean): void {
    for (const job of [...this.#limiter.held]) if (isMeant(job)) job.abort(cause);
  }
}
