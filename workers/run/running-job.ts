import type { Outcome } from '../../src/attempts/outcome.ts';
import type { Delivery } from '../../src/lifecycle/consumer.ts';
import { CANCEL_PATIENCE_MS } from '../../src/lifecycle/scripts/cancel.ts';
import type { ParsedEntry } from '../../src/redis/entry.ts';
import { firstRef, traceOf } from '../../src/redis/entry-options.ts';
import { formatJobId, formatRef, type Ref } from '../../src/redis/job-id.ts';
import type { Trace } from '../../src/schemas/values/trace.ts';
import type { AttemptSpan } from '../../src/telemetry/spans/attempt-spans.ts';
import type { Item } from '../intake/concurrency-limiter.ts';
import { type AbortCause, JobAborted } from './abort.ts';
import type { Failable } from './attempt-trace.ts';

/** How long the worker waits for an aborted handler before it settles without the handler, ms. */
export const PATIENCE_MS: Readonly<Record<AbortCause, number>> = {
  timeout: 500,
  cancelled: CANCEL_PATIENCE_MS,
  shutdown: 500,
  suspected: 500,
  'lease-lost': 500,
  uncaught: 0,
};

/**
 * One delivered job that this process holds.
 *
 * `signal` aborts the handler; `givenUp` resolves when the worker stops waiting for it. Both are made on first use:
 * most handlers need neither, and a signal costs more than the rest of a short job.
 */
export class RunningJob implements Item, Failable {
  readonly delivery: Delivery;
  readonly entry: ParsedEntry | undefined;
  readonly ref: Ref;
  readonly refText: string;
  /** Of the first entry of the job, which its id names. */
  readonly first: Ref;
  readonly id: string;
  heldIndex = 0;
  /** Its handler has ended: it is held until its outcome is written. */
  hasEnded = false;
  /** When the attempt must have ended, monotonic ms; infinite until its handler starts. */
  deadline = Number.POSITIVE_INFINITY;
  /** What an uncaught error of the attempt stands for. */
  failure: Outcome | undefined;
  /** Of the attempt, once its handler starts; undefined where no spans are made. */
  span: AttemptSpan | undefined;
  #cause: AbortCause | undefined;
  #abort: AbortController | undefined;
  #givenUp: PromiseWithResolvers | undefined;
  #patience: NodeJS.Timeout | undefined;
  #isGivenUp = false;

  constructor(delivery: Delivery, entry: ParsedEntry | undefined) {
    this.delivery = delivery;
    this.entry = entry;
    this.ref = { place: delivery.place, entryId: delivery.entryId };
    this.refText = formatRef(this.ref);
    this.first = entry === undefined ? this.ref : firstRef(this.ref, entry.options);
    this.id = formatJobId(delivery.keys.queue, this.first);
  }

  get attempt(): number {
    return this.delivery.attempt;
  }

  /** Its span, or what the submit named. */
  get trace(): Trace | undefined {
    return this.span?.trace ?? (this.entry && traceOf(this.entry.options));
  }

  /** Whether the handler has started, here or in an earlier delivery that was released. */
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

  get givenUp(): Promise<undefined> {
    this.#givenUp ??= withResolvers();
    if (this.#isGivenUp) this.#givenUp.resolve(undefined);
    return this.#givenUp.promise;
  }

  /** The first cause wins. A lost lease needs no cause: Redis rejects the write. */
  get abortCause(): AbortCause | undefined {
    return this.#cause;
  }

  abort(cause: AbortCause): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#patience = setTimeout(() => this.#giveUp(), PATIENCE_MS[cause]);
    this.#abort?.abort(new JobAborted(cause));
  }

  /** Ends the attempt by an uncaught error. An attempt that was aborted before ends by that cause, but at once. */
  fail(failure: Outcome): void {
    this.failure ??= failure;
    this.abort('uncaught');
    this.#giveUp();
  }

  /** Call it when the handler has ended, or when the worker no longer waits for it. */
  handlerEnded(): void {
    this.hasEnded = true;
    clearTimeout(this.#patience);
  }

  #giveUp(): void {
    this.#isGivenUp = true;
    this.#givenUp?.resolve(undefined);
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<undefined>;
  readonly resolve: (value: undefined) => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: (value: undefined) => void = () => undefined;
  const promise = new Promise<undefined>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
