import type { Delivery } from '../../src/lifecycle/consumer.ts';
import { CANCEL_PATIENCE_MS } from '../../src/lifecycle/scripts/cancel.ts';
import type { AttemptSubject } from '../../src/observer.ts';
import { type Entry, formatJobId, formatRef, type Ref } from '../../src/redis/entry.ts';
import type { Item } from '../intake/concurrency.ts';
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
 * `signal` tells the handler to stop; `givenUp` settles when nobody waits for it any longer. Both are made when
 * first asked for: most handlers never do, and a signal costs more than all else about a short job.
 */
export class RunningJob implements Item {
  readonly delivery: Delivery;
  readonly entry: Entry | undefined;
  readonly ref: Ref;
  readonly refText: string;
  readonly id: string;
  heldAt = 0;
  /** When the attempt must have ended, monotonic ms; infinite until its handler begins. */
  deadline = Number.POSITIVE_INFINITY;
  #cause: AbortCause | undefined;
  #abort: AbortController | undefined;
  #givenUp: PromiseWithResolvers | undefined;
  #patience: NodeJS.Timeout | undefined;
  #isGivenUp = false;

  constructor(delivery: Delivery, entry: Entry | undefined) {
    this.delivery = delivery;
    this.entry = entry;
    this.ref = { place: delivery.place, entryId: delivery.entryId };
    this.refText = formatRef(this.ref);
    this.id = formatJobId(delivery.keys.queue, this.ref);
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
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#cause !== undefined) this.#abort.abort(new JobAborted(this.#cause));
    }
    return this.#abort.signal;
  }

  get givenUp(): Promise<void> {
    this.#givenUp ??= withResolvers();
    if (this.#isGivenUp) this.#givenUp.resolve();
    return this.#givenUp.promise;
  }

  /** The first reason given counts; a lost lease shows in Redis in any case. */
  get abortCause(): AbortCause | undefined {
    return this.#cause;
  }

  abort(cause: AbortCause): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#patience = setTimeout(() => {
      this.#isGivenUp = true;
      this.#givenUp?.resolve();
    }, PATIENCE_MS[cause]);
    this.#abort?.abort(new JobAborted(cause));
  }

  /** To be called when the handler has ended or was given up. */
  end(): void {
    clearTimeout(this.#patience);
  }
}

/** The members that name the attempt in every event of it. */
export const subjectOf = ({ delivery, entry, id, attempt }: RunningJob, lease: string): AttemptSubject => ({
  queue: delivery.keys.queue,
  task: entry?.task ?? '',
  job: id,
  attempt,
  lease,
});

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
