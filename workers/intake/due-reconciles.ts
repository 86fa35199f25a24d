import { setTimeout as sleep } from 'node:timers/promises';
import type { WaitingConsumer } from '../../src/lifecycle/consumer.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { Batcher } from './batcher.ts';
import type { PrimaryCalls } from './calls/primary-calls.ts';
import type { Reconciler, ReconcileSchedule } from './reconciler.ts';

/** What a primary has not done by then does not hold up what goes on at the others, ms. */
const PATIENCE_MS = 250;

export interface DueReconcilesParts {
  queues: readonly QueueKeys[];
  consumer: Pick<WaitingConsumer, 'endReads' | 'interrupt'>;
  batcher: Batcher;
  reconciler: Reconciler;
  reconcileSchedule: ReconcileSchedule;
}

/** Reconciles the queues that are due, in a Cluster at all its primaries at one time. */
export class DueReconciles {
  readonly #parts: DueReconcilesParts;

  constructor(parts: DueReconcilesParts) {
    this.#parts = parts;
  }

  /** The due queues whose primary can be asked. */
  get due(): readonly QueueKeys[] {
    const { batcher, queues, reconcileSchedule } = this.#parts;
    const due = reconcileSchedule.dueOf(queues);
    return batcher.inFlight.hasMany ? due.filter((keys) => batcher.inFlight.of(keys).isOpen) : due;
  }

  /** Call it while nobody opens reads: what they bring would look as if it had never arrived. */
  async run(): Promise<void> {
    const { due } = this;
    if (due.length === 0) return;
    const { batcher, consumer } = this.#parts;
    const { hasMany } = batcher.inFlight;
    await (hasMany ? patiently(consumer.endReads()) : consumer.endReads());
    const groups = [...batcher.inFlight.group(due)];
    const all = Promise.all(groups.map(([primary, queues]) => this.#reconcileAt(primary, queues)));
    await (hasMany ? patiently(all) : all);
  }

  /** Its queues are not taken from, nor read, until that is done. */
  async #reconcileAt(primary: PrimaryCalls, queues: readonly QueueKeys[]): Promise<void> {
    const { batcher, reconciler, reconcileSchedule, consumer } = this.#parts;
    const reconcile = async () => {
      for (const keys of queues) {
        await reconciler.reconcile(keys);
        reconcileSchedule.done(keys);
      }
      batcher.holds.lookAgain();
    };
    try {
      await batcher.withoutTakes(reconcile, [primary]);
    } catch (error) {
      if (!primary.isOneOfMany) throw error;
      batcher.failed(primary, 'reconcile', error);
    }
    // A read that began in the meantime is without its queues.
    if (primary.isOneOfMany) void consumer.interrupt().catch(() => undefined);
  }
}

const patiently = (work: Promise<unknown>) =>
  Promise.race([work.catch(() => undefined), sleep(PATIENCE_MS, undefined, { ref: false })]);
