import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';
import type { Awaited, Delivery, WaitingConsumer } from '../../src/lifecycle/consumer.ts';
import { WORKER_BLOCK_MS } from '../../src/redis/connect.ts';
import { entryTime, formatRef } from '../../src/redis/job-id.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { Acceptor } from './acceptor.ts';
import type { Batcher } from './batcher.ts';
import type { PrimaryCalls } from './calls/primary-calls.ts';
import { ChangeSignal } from './change-signal.ts';
import { type QueueState, stateIn } from './queue-state.ts';
import type { Reconciler, ReconcileSchedule } from './reconciler.ts';

/**
 * An idle worker takes from a queue this often, though nothing says that there is something to take: the recovery, which
 * looks for all processes of a worker at once, wakes a worker before a job is due.
 */
const IDLE_CHECK_MS = 180_000;
/** From a paused queue it only hears wake tokens, and there may be fewer than workers. */
const PAUSED_CHECK_MS = 5_000;
/** A primary that has not answered by then does not hold up what goes on at the others. */
const RECONCILE_PATIENCE_MS = 250;
/** From a queue at its limit, too. A consumer that makes room wakes a worker, so this covers accidents only. */
const LIMIT_CHECK_MS = 30_000;

export interface TakeLoopParts {
  queues: readonly QueueKeys[];
  consumer: WaitingConsumer;
  batcher: Batcher;
  acceptor: Acceptor;
  reconciler: Reconciler;
  reconcileSchedule: ReconcileSchedule;
  clock: Clock;
  leaseMs: number;
}

/**
 * How long a read may block, ms. The read of a suspended process stays open at the server, which would deliver jobs and
 * tokens to it: it must end before the lease does.
 */
export const readBlockMs = (leaseMs: number): number => Math.min(WORKER_BLOCK_MS, leaseMs / 2);

const checkEveryMs = ({ paused, hearsOnlyWake }: QueueState): number =>
  paused ? PAUSED_CHECK_MS : hearsOnlyWake ? LIMIT_CHECK_MS : IDLE_CHECK_MS;

/** Waits for work while all queues are drained: one blocking read over all of them. Reconciles held jobs when due. */
export class TakeLoop {
  readonly #parts: TakeLoopParts;
  readonly #blockMs: number;
  readonly #change = new ChangeSignal();
  #isStopped = false;

  constructor(parts: TakeLoopParts) {
    this.#parts = parts;
    this.#blockMs = readBlockMs(parts.leaseMs);
  }

  /** Takes nothing more: ends an open read, and releases all that has not started. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#parts.batcher.stop();
    this.#parts.acceptor.stop();
    this.#change.notify();
    await this.#endRead();
  }

  /** Queues have joined or were dropped: ends an open read, which is not of these. */
  queuesChanged(): void {
    this.#change.notify();
    void this.#endRead();
  }

  /** A job of the class is held since a moment ago; undefined stands for any class. */
  heardOfHold(queue: string, holdClass: string | undefined): void {
    this.#parts.batcher.holds.heard(queue, holdClass);
  }

  /** One pass: reconcile if due, let the batcher take until all queues are drained, then wait for work. */
  readonly run = async (): Promise<number> => {
    const { batcher, reconcileSchedule } = this.#parts;
    if (this.#isStopped) return WORKER_BLOCK_MS;
    try {
      await this.#reconcile(this.#dueQueues);
      this.#markDueQueues();
      await batcher.whenReadyToWait(() => this.#isStopped || this.#dueQueues.length > 0);
      if (this.#isStopped) return WORKER_BLOCK_MS;
      if (this.#dueQueues.length === 0) await this.#waitForWork();
      return 0;
    } catch (error) {
      reconcileSchedule.reconcileSoon();
      throw error;
    }
  };

  /** Queues that are to be reconciled, where their primary can be asked. */
  get #dueQueues(): readonly QueueKeys[] {
    const { batcher, queues, reconcileSchedule } = this.#parts;
    const due = reconcileSchedule.dueOf(queues);
    return batcher.inFlight.hasMany ? due.filter((keys) => batcher.inFlight.of(keys).isOpen) : due;
  }

  /** At all primaries at one time. */
  async #reconcile(due: readonly QueueKeys[]): Promise<void> {
    if (due.length === 0) return;
    const { batcher } = this.#parts;
    const groups = batcher.inFlight.group(due);
    const all = Promise.all([...groups].map(([primary, queues]) => this.#reconcileAt(primary, queues)));
    if (!batcher.inFlight.hasMany) await all;
    else await Promise.race([all, sleep(RECONCILE_PATIENCE_MS)]);
  }

  async #reconcileAt(primary: PrimaryCalls, queues: readonly QueueKeys[]): Promise<void> {
    const { batcher, reconciler, reconcileSchedule } = this.#parts;
    try {
      await batcher.withoutTakes(async () => {
        for (const keys of queues) {
          await reconciler.reconcile(keys);
          reconcileSchedule.done(keys);
          batcher.holds.lookAgain();
        }
      }, [primary]);
    } catch (error) {
      if (!primary.isOneOfMany) throw error;
      batcher.failed(primary, 'reconcile', error);
    }
    // A read that began while its takes were held is without its queues.
    if (primary.isOneOfMany) void this.#endRead();
  }

  /** Makes the batcher take from queues whose first delayed job is due, or that it has not taken from for a while. */
  #markDueQueues(): void {
    const now = this.#parts.clock.monotonic();
    for (const state of this.#parts.batcher.states) {
      if (state.nextDueAt <= now || now - state.lastTakeAt >= checkEveryMs(state)) state.isDrained = false;
    }
  }

  async #waitForWork(): Promise<void> {
    const { consumer, batcher, acceptor, clock } = this.#parts;
    const served = batcher.states.filter(({ isDropped }) => !isDropped);
    if (served.length === 0) return this.#change.next();
    const open = served.filter(({ keys }) => batcher.inFlight.of(keys).isOpen);
    if (open.length === 0) return;
    const untilDueMs = Math.min(...open.map(({ nextDueAt }) => nextDueAt)) - clock.monotonic();
    // Something may have come up since the batcher was ready.
    if (untilDueMs <= 0 || !batcher.isReadyToWait) return;
    // Redis checks the time-outs of blocked clients ten times a second, which is too coarse for a due time.
    const timer = untilDueMs < this.#blockMs ? setTimeout(() => void this.#endRead(), untilDueMs) : undefined;
    const lastTakes = new Map(open.map(({ keys, lastTakeAtRedis }) => [keys, lastTakeAtRedis]));
    try {
      const found = await batcher.duringRead(() => consumer.awaitWork(open, this.#blockMs));
      const readAt = clock.monotonic();
      for (const state of open) state.readAt = readAt;
      const deliveries = found.flatMap((one) => this.#toDeliveries(one));
      const isNew = ({ keys, entryId }: Delivery) => entryTime(entryId) >= (lastTakes.get(keys) ?? 0);
      const fresh = deliveries.filter(isNew);
      acceptor.acceptRead(fresh.filter((delivery) => this.#mayStart(delivery)));
      // The lanes were drained, so an older job was replayed by a recreated group. Only `take` can tell its state.
      acceptor.release(deliveries.filter((delivery) => !isNew(delivery)));
    } finally {
      clearTimeout(timer);
    }
  }

  async #endRead(): Promise<void> {
    await this.#parts.consumer.interrupt().catch(() => undefined);
  }

  /** Records a job that a read has brought. Where the queue has limits, only a take lets it start. */
  #mayStart({ keys, place, entryId }: Delivery): boolean {
    const state = stateIn(this.#parts.batcher.states, keys);
    const ref = formatRef({ place, entryId });
    if (!state.isLimited) state.startedRefs.push(ref);
    else {
      state.toAdmit.push(ref);
      state.news += 1;
      state.isDrained = false;
    }
    return !state.isLimited;
  }

  /** The delivery of a job; a wake token is recorded in the state of its queue instead. */
  #toDeliveries(found: Awaited): Delivery[] {
    if (found.kind === 'nothing') return [];
    if (found.kind === 'token') {
      const state = stateIn(this.#parts.batcher.states, found.keys);
      state.wakeIds.push(found.token);
      state.news += 1;
      state.isDrained = false;
      return [];
    }
    const { keys, place, entryId, fields } = found;
    const firstDelivery = {
      token: 1,
      attempt: 1,
      losses: 0,
      begun: false,
      readyAt: entryTime(entryId),
      cancelAsked: false,
    };
    return [{ keys, place, entryId, fields, takenAt: this.#parts.acceptor.redisNow, ...firstDelivery }];
  }
}
