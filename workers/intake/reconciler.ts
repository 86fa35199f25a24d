import type { Clock } from '../../src/clock.ts';
import type { Consumer } from '../../src/lifecycle/consumer.ts';
import { WORKER_BLOCK_MS } from '../../src/redis/connect.ts';
import { formatRef } from '../../src/redis/job-id.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { PersistentWriter } from '../run/persistent-writer.ts';
import type { RunningJob } from '../run/running-job.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';

const NONE: readonly QueueKeys[] = [];
/** Held jobs are reconciled this often even without a reason. */
const RECONCILE_EVERY_MS = 180_000;
/** A blocking read that broke off here may stay open at the server for this long, and receive a job. */
const BROKEN_READ_MS = WORKER_BLOCK_MS + 500;

/** Decides when the held jobs of a queue are reconciled with Redis. Times are monotonic ms. */
export class ReconcileSchedule {
  readonly #clock: Clock;
  #areAllSoon = false;
  /** When all are due without a reason. */
  #dueAt: number;
  /** Due queues, and whether after a fault. */
  readonly #soon = new Map<QueueKeys, boolean>();
  /** When a queue is due once more after a fault. */
  readonly #again = new Map<QueueKeys, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#dueAt = clock.monotonic() + RECONCILE_EVERY_MS;
  }

  /** Deliveries may have been lost, of one queue or of any: reconcile before the next take. */
  readonly reconcileSoon = (keys?: QueueKeys): void => {
    if (keys === undefined) this.#areAllSoon = true;
    else this.#soon.set(keys, true);
  };

  /** Those of the queues that are due. It is asked often, so that it costs nothing while none is. */
  dueOf(queues: readonly QueueKeys[]): readonly QueueKeys[] {
    const now = this.#clock.monotonic();
    if (this.#areAllSoon || now >= this.#dueAt) {
      for (const keys of queues) this.#soon.set(keys, this.#areAllSoon || this.#soon.get(keys) === true);
      this.#areAllSoon = false;
      this.#dueAt = now + RECONCILE_EVERY_MS;
    }
    if (this.#soon.size + this.#again.size === 0) return NONE;
    return queues.filter((keys) => this.#soon.has(keys) || now >= (this.#again.get(keys) ?? now + 1));
  }

  /** The jobs of the queue were reconciled. After a fault this happens once more, when no broken read can be open. */
  done(keys: QueueKeys): void {
    if (this.#soon.get(keys) === true) this.#again.set(keys, this.#clock.monotonic() + BROKEN_READ_MS);
    else this.#again.delete(keys);
    this.#soon.delete(keys);
  }
}

export interface ReconcilerParts {
  consumer: Consumer;
  limiter: ConcurrencyLimiter<RunningJob>;
  writer: PersistentWriter;
}

/**
 * Compares the jobs that this process holds with those that Redis delivered to it. A job that never arrived, because
 * the reply was lost, is released.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Call it only while no take from the queue is under way: its jobs would look as if they had never arrived. */
  async reconcile(keys: QueueKeys): Promise<void> {
    const { consumer, limiter, writer } = this.#parts;
    const held = () => limiter.held.filter(({ delivery }) => delivery.keys === keys);
    const before = held();
    const pending = await consumer.pendingDeliveries(keys);
    // A take that a Cluster sent on to another primary may have arrived in the meantime.
    const arrived = new Set([...before, ...held()].map(({ refText }) => refText));
    const undelivered = pending.filter(({ ref }) => !arrived.has(formatRef(ref)));
    if (undelivered.length === 0) return;
    await writer.release(
      keys,
      undelivered.map((job) => ({ ...job, begun: false })),
    );
  }
}
