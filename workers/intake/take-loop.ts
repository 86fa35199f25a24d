import type { Clock } from '../../src/clock.ts';
import type { Awaited, Delivery, ReadListener, WaitingConsumer } from '../../src/lifecycle/consumer.ts';
import { WORKER_BLOCK_MS } from '../../src/redis/connect.ts';
import { entryTime, formatRef } from '../../src/redis/job-id.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { Acceptor } from './acceptor.ts';
import type { Batcher } from './batcher.ts';
import { ChangeSignal } from './change-signal.ts';
import type { DueReconciles } from './due-reconciles.ts';
import type { QueueState } from './queue-state.ts';
import type { ReconcileSchedule } from './reconciler.ts';

/**
 * An idle worker takes from a queue this often, though nothing says that there is something to take: the recovery, which
 * looks for all processes of a worker at once, wakes a worker before a job is due.
 */
const IDLE_CHECK_MS = 180_000;
/** From a paused queue it only hears wake tokens, and there may be fewer than workers. */
const PAUSED_CHECK_MS = 5_000;
/** From a queue at its limit, too. A consumer that makes room wakes a worker, so this covers accidents only. */
const LIMIT_CHECK_MS = 30_000;

/** Reads that stay open are ended when the process has been full for this long, ms: short jobs make room before. */
const FULL_MS = 20;
/** A full process looks this often whether its jobs are to be reconciled, ms: nothing else may wake it. */
const FULL_LOOK_MS = 30_000;

export interface TakeLoopParts {
  consumer: WaitingConsumer;
  limiter: { readonly freeSlots: number };
  batcher: Batcher;
  acceptor: Acceptor;
  reconciles: DueReconciles;
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

/**
 * Waits for work while all queues are drained: one blocking read over all of them. In a Cluster it is a read for each slot; those
 * that bring nothing stay open until the process is full. Reconciles held jobs when due.
 */
export class TakeLoop {
  readonly #parts: TakeLoopParts;
  readonly #blockMs: number;
  readonly #change = new ChangeSignal();
  readonly #listener: ReadListener<QueueState>;
  #isStopped = false;
  /** Set while the process is full, as long as reads may be open. */
  #fullTimer: NodeJS.Timeout | undefined;
  #fullLook: NodeJS.Timeout | undefined;

  constructor(parts: TakeLoopParts) {
    this.#parts = parts;
    this.#blockMs = readBlockMs(parts.leaseMs);
    this.#listener = {
      onSent: (states) => {
        for (const state of states) state.readSince = state.lastTakeAtRedis;
      },
      onReply: (states) => {
        const now = parts.clock.monotonic();
        for (const state of states) state.readAt = now;
      },
      onEarly: (found) => {
        this.#accept(found, 'early');
        parts.batcher.schedule();
      },
    };
  }

  /** Takes nothing more: ends an open read, and releases all that has not started. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#parts.batcher.stop();
    this.#parts.acceptor.stop();
    this.#change.notify();
    this.#clearTimers();
    await this.#parts.consumer.endReads().catch(() => undefined);
  }

  /** Queues have joined or were dropped: ends an open read, which is not of these. */
  queuesChanged(): void {
    this.#change.notify();
    void this.#parts.consumer.interrupt().catch(() => undefined);
  }

  /** A job of the class is held since a moment ago; undefined stands for any class. */
  heardOfHold(queue: string, holdClass: string | undefined): void {
    this.#parts.batcher.holds.heard(queue, holdClass);
  }

  /** One pass: reconcile if due, let the batcher take until all queues are drained, then wait for work. */
  readonly run = async (): Promise<number> => {
    const { batcher, reconciles, reconcileSchedule } = this.#parts;
    if (this.#isStopped) return WORKER_BLOCK_MS;
    try {
      await reconciles.run();
      this.#markDueQueues();
      await batcher.whenReadyToWait(() => {
        this.#watchRoom();
        return this.#isStopped || reconciles.due.length > 0;
      });
      if (this.#isStopped) return WORKER_BLOCK_MS;
      if (reconciles.due.length === 0) await this.#waitForWork();
      return 0;
    } catch (error) {
      reconcileSchedule.reconcileSoon();
      throw error;
    }
  };

  /** Makes the batcher take from queues whose first delayed job is due, or that it has not taken from for a while. */
  #markDueQueues(): void {
    const now = this.#parts.clock.monotonic();
    for (const state of this.#parts.batcher.states) {
      if (state.nextDueAt <= now || now - state.lastTakeAt >= checkEveryMs(state)) state.isDrained = false;
    }
  }

  async #waitForWork(): Promise<void> {
    const { consumer, batcher, clock } = this.#parts;
    const served = batcher.states.filter(({ isDropped }) => !isDropped);
    if (served.length === 0) return this.#change.next();
    const read = served.filter(({ keys }) => batcher.inFlight.of(keys).holds === 0);
    const open = read.filter(({ keys }) => batcher.inFlight.of(keys).isOpen);
    if (open.length === 0) return;
    const untilDueMs = Math.min(...open.map(({ nextDueAt }) => nextDueAt)) - clock.monotonic();
    // Something may have come up since the batcher was ready.
    if (untilDueMs <= 0 || !batcher.isReadyToWait) return;
    // Redis checks the time-outs of blocked clients ten times a second, which is too coarse for a due time.
    const timer =
      untilDueMs < this.#blockMs
        ? setTimeout(() => void consumer.interrupt().catch(() => undefined), untilDueMs)
        : undefined;
    try {
      const found = await batcher.duringRead(() => consumer.awaitWork(read, this.#blockMs, this.#listener));
      this.#accept(found, 'awaited');
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the reads of a Cluster when there has been no room for a while. Others may take what comes. */
  #watchRoom(): void {
    const { limiter, consumer, batcher } = this.#parts;
    if (this.#isStopped || limiter.freeSlots > 0) {
      this.#clearTimers();
    } else {
      this.#fullTimer ??= setTimeout(() => void consumer.endReads().catch(() => undefined), FULL_MS);
      this.#fullLook ??= setInterval(() => batcher.schedule(), FULL_LOOK_MS);
    }
  }

  #clearTimers(): void {
    clearTimeout(this.#fullTimer);
    clearInterval(this.#fullLook);
    this.#fullTimer = undefined;
    this.#fullLook = undefined;
  }

  #accept(found: readonly Awaited[], when: 'awaited' | 'early'): void {
    const { acceptor } = this.#parts;
    const deliveries = found.flatMap((one) => this.#toDeliveries(one));
    const isNew = ({ keys, entryId }: Delivery) =>
      entryTime(entryId) >= (this.#stateOf(keys)?.readSince ?? Number.POSITIVE_INFINITY);
    const fresh = deliveries.filter(isNew).filter((delivery) => this.#mayStart(delivery));
    if (when === 'early') acceptor.acceptEarly(fresh);
    else acceptor.acceptRead(fresh);
    // The lanes were drained, so an older job was replayed by a recreated group. Only `take` can tell its state.
    acceptor.release(deliveries.filter((delivery) => !isNew(delivery)));
  }

  /** Nothing for a queue that is no longer served. */
  #stateOf(keys: QueueKeys): QueueState | undefined {
    return this.#parts.batcher.states.find((state) => state.keys === keys);
  }

  /** Records a job that a read has brought. Where the queue has limits, only a take lets it start. */
  #mayStart({ keys, place, entryId }: Delivery): boolean {
    const state = this.#stateOf(keys);
    const ref = formatRef({ place, entryId });
    if (state === undefined) return false;
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
      const state = this.#stateOf(found.keys);
      if (state === undefined) return [];
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
