import type { Clock } from '../../src/clock.ts';
import type { Consumer } from '../../src/lifecycle/consumer.ts';
import { WORKER_BLOCK_MS } from '../../src/redis/connect.ts';
import { formatRef } from '../../src/redis/job-id.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { PersistentWriter } from '../run/persistent-writer.ts';
import type { RunningJob } from '../run/running-job.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';

/** Held jobs are reconciled this often even without a reason. */
const RECONCILE_EVERY_MS = 180_000;
/** A blocking read that broke off here may stay open at the server for this long, and receive a job. */
const BROKEN_READ_MS = WORKER_BLOCK_MS + 500;

/** Decides when held jobs are reconciled with Redis. Times are monotonic ms. */
export class ReconcileSchedule {
  readonly #clock: Clock;
  #isSoon = false;
  #dueAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#dueAt = clock.monotonic() + RECONCILE_EVERY_MS;
  }

  get isDue(): boolean {
    return this.#isSoon || this.#clock.monotonic() >= this.#dueAt;
  }

  /** Deliveries may have been lost: reconcile before the next take. */
  readonly reconcileSoon = (): void => {
    this.#isSoon = true;
  };

  /** The jobs were reconciled. After a fault this happens once more, when no broken read can be open. */
  done(): void {
    this.#dueAt = this.#clock.monotonic() + (this.#isSoon ? BROKEN_READ_MS : RECONCILE_EVERY_MS);
    this.#isSoon = false;
  }
}

export interface ReconcilerParts {
  consumer: Consumer;
  queues: readonly QueueKeys[];
  limiter: ConcurrencyLimiter<RunningJob>;
  writer: PersistentWriter;
  schedule: ReconcileSchedule;
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

  /** Call it only while no take is under way: its jobs would look as if they had never arrived. */
  async reconcile(): Promise<void> {
    for (const keys of [...this.#parts.queues]) await this.#releaseUndelivered(keys);
    this.#parts.schedule.done();
  }

  async #releaseUndelivered(keys: QueueKeys): Promise<void> {
    const { consumer, limiter, writer } = this.#parts;
    const arrived = new Set(
      limiter.held.filter(({ delivery }) => delivery.keys === keys).map(({ refText }) => refText),
    );
    const undelivered = (await consumer.pendingDeliveries(keys)).filter(
      ({ ref }) => !arrived.has(formatRef(ref)),
    );
    if (undelivered.length === 0) return;
    await writer.release(
      keys,
      undelivered.map((job) => ({ ...job, begun: false })),
    );
  }
}
