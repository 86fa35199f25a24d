import type { Delivery } from '../src/queue/consume.ts';
import { type Entry, formatJobId, formatRef, type Ref } from '../src/redis/entry.ts';
import { CANCEL_PATIENCE_MS } from '../src/redis/scripts/cancel.ts';
import { type AbortCause, JobAborted } from './abort.ts';

/** How long a handler that was told to stop may go on before the worker settles without it, ms. */
const PATIENCE_MS: Readonly<Record<AbortCause, number>> = {
  timeout: 500,
  cancelled: CANCEL_PATIENCE_MS,
  shutdown: 500,
  'lease-lost': 500,
};

/**
 * One delivery in the hands of this process.
 *
 * `signal` tells the handler to stop; `givenUp` settles when nobody waits for it any longer.
 */
export class Running {
  readonly delivery: Delivery;
  readonly entry: Entry | undefined;
  readonly ref: Ref;
  readonly refText: string;
  readonly id: string;
  readonly givenUp: Promise<void>;
  /** When the attempt must have ended, monotonic ms; infinite until its handler begins. */
  deadline = Number.POSITIVE_INFINITY;
  readonly #abort = new AbortController();
  #giveUp: () => void = () => undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(delivery: Delivery, entry: Entry | undefined) {
    this.delivery = delivery;
    this.entry = entry;
    this.ref = { place: delivery.place, entryId: delivery.entryId };
    this.refText = formatRef(this.ref);
    this.id = formatJobId(delivery.keys.queue, this.ref);
    this.givenUp = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
  }

  get attempt(): number {
    return this.delivery.attempt;
  }

  /** Whether its handler has begun, now or in an attempt that was handed back. */
  get begun(): boolean {
    return this.delivery.begun || this.deadline !== Number.POSITIVE_INFINITY;
  }

  /** Fencing token of the delivery. */
  get token(): number {
    return this.delivery.token;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The first reason given counts; a lost lease shows in Redis in any case. */
  get abortCause(): AbortCause | undefined {
    const reason: unknown = this.signal.reason;
    return reason instanceof JobAborted ? reason.abortCause : undefined;
  }

  abort(cause: AbortCause): void {
    if (this.signal.aborted) return;
    this.#abort.abort(new JobAborted(cause));
    this.#patience = setTimeout(this.#giveUp, PATIENCE_MS[cause]);
  }

  /** To be called when the handler has ended or was given up. */
  end(): void {
    clearTimeout(this.#patience);
  }
}
