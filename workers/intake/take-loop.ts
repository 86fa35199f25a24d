import type { Clock } from '../../src/clock.ts';
import type { Awaited, Delivery, Taken, WaitingConsumer } from '../../src/lifecycle/consumer.ts';
import type { Observer } from '../../src/observer.ts';
import { BLOCK_MS } from '../../src/redis/connect.ts';
import { decodeEntry, entryTime, formatRef } from '../../src/redis/entry.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { PersistentWriter } from '../run/persistent-writer.ts';
import { RunningJob } from '../run/running-job.ts';
import type { Batcher } from './batcher.ts';
import type { ConcurrencyLimiter } from './concurrency.ts';
import { observeTaken } from './observe-taken.ts';

export interface TakeParts {
  consumer: WaitingConsumer;
  queues: readonly QueueKeys[];
  slots: ConcurrencyLimiter<RunningJob>;
  turns: Batcher;
  settler: PersistentWriter;
  clock: Clock;
  observe: Observer;
  leaseMs: number;
  /** Jobs that came too late could not be handed back: they are found by the recovery. */
  onLost: (error: unknown) => void;
}

/** The books are compared this often without a reason, too. */
const COMPARE_EVERY_MS = 30_000;

/**
 * Waits for work while the turns find none: one blocking read over all queues. A read whose reply was lost may
 * have handed out jobs that never arrived; those are found by comparing with what Redis says, after a fault and now
 * and then, and handed back.
 */
export class TakeLoop {
  readonly #parts: TakeParts;
  readonly #blockMs: number;
  /** When the books are compared next, monotonic ms. */
  #compareAt: number;
  readonly #handingBack = new Set<Promise<unknown>>();
  #stopped = false;
  /** Redis time minus local wall time, ms, as of the last call. */
  #skew = 0;

  constructor(parts: TakeParts) {
    this.#parts = parts;
    // A read of a process that was stopped still waits at the server, and would be handed jobs and tokens
    // that nobody sees: it must be over before the lease is.
    this.#blockMs = Math.min(BLOCK_MS, parts.leaseMs / 2);
    this.#compareAt = parts.clock.monotonic() + COMPARE_EVERY_MS;
  }

  /** Deliveries may have been lost: compare before the next take. */
  distrust(): void {
    this.#compareAt = 0;
  }

  /** Takes nothing more; a read that is out comes back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#parts.turns.stop();
    this.#parts.slots.giveBackWaiting();
    await this.#parts.consumer.interrupt().catch(() => undefined);
  }

  readonly run = async (): Promise<number> => {
    const { clock, turns } = this.#parts;
    if (this.#stopped) return BLOCK_MS;
    try {
      const mustCompare = () => clock.monotonic() >= this.#compareAt;
      if (mustCompare()) await turns.withoutTakes(() => this.#releaseStrays());
      this.#lookWhereDue();
      await turns.quiet(() => this.#stopped || mustCompare());
      if (this.#stopped) return BLOCK_MS;
      if (!mustCompare()) await this.#block();
      return 0;
    } catch (error) {
      this.distrust();
      throw error;
    }
  };

  /** What a turn has taken. */
  readonly taken = ({ now, deliveries }: Taken & { kind: 'taken' }): void => {
    this.#skew = now - this.#parts.clock.wall();
    // They were promised room, which may have shrunk since.
    this.#accept(deliveries, deliveries.length);
  };

  /** Resolves when nothing more arrives, and what has arrived too late is handed back. */
  async drained(): Promise<void> {
    await this.#parts.turns.withoutTakes(async () => undefined);
    await Promise.all(this.#handingBack);
    await this.#parts.turns.flush().catch((error: unknown) => this.#parts.onLost(error));
  }

  /** Has the queues looked at whose first job is due, or that nobody has looked at for a while. */
  #lookWhereDue(): void {
    const now = this.#parts.clock.monotonic();
    for (const state of this.#parts.turns.states) {
      if (state.nextDueAt <= now || now - state.lookedAt >= this.#blockMs) state.dry = false;
    }
  }

  async #block(): Promise<void> {
    const { consumer, turns, clock } = this.#parts;
    const untilMs = Math.min(...turns.states.map(({ nextDueAt }) => nextDueAt)) - clock.monotonic();
    if (untilMs <= 0) return;
    // The server looks at its time-outs only ten times a second, too coarse for a due time.
    const timer =
      untilMs < this.#blockMs
        ? setTimeout(() => void consumer.interrupt().catch(() => undefined), untilMs)
        : undefined;
    const since = new Map(turns.states.map(({ keys, lookedAtRedis }) => [keys, lookedAtRedis]));
    try {
      const found = await turns.watching(() => consumer.awaitWork(turns.states, this.#blockMs));
      const deliveries = found.flatMap((one) => this.#sort(one));
      const isNew = ({ keys, entryId }: Delivery) => entryTime(entryId) >= (since.get(keys) ?? 0);
      const fresh = deliveries.filter(isNew);
      for (const { keys, place, entryId } of fresh) {
        turns.stateOf(keys).begun.push(formatRef({ place, entryId }));
      }
      // A blocking read brings a job from each lane that has one, whatever there is room for.
      this.#accept(fresh, this.#parts.slots.free);
      // The lanes were empty: what is older comes from a group made anew, and only `take` knows its place.
      this.handBack(deliveries.filter((delivery) => !isNew(delivery)).map(toRunning));
    } finally {
      clearTimeout(timer);
    }
  }

  #sort(found: Awaited): Delivery[] {
    if (found.kind === 'nothing') return [];
    if (found.kind === 'token') {
      const state = this.#parts.turns.stateOf(found.keys);
      state.tokens.push(found.token);
      state.dry = false;
      return [];
    }
    const { keys, place, entryId, fields } = found;
    const takenAt = this.#parts.clock.wall() + this.#skew;
    const first = {
      token: 1,
      attempt: 1,
      losses: 0,
      begun: false,
      readyAt: entryTime(entryId),
      cancelAsked: false,
    };
    return [{ keys, place, entryId, fields, takenAt, ...first }];
  }

  #accept(deliveries: readonly Delivery[], room: number): void {
    observeTaken(this.#parts.observe, this.#parts.consumer.name, deliveries);
    const running = deliveries.map(toRunning);
    const most = this.#stopped ? 0 : room;
    this.#parts.slots.accept(running.slice(0, most));
    this.handBack(running.slice(most));
  }

  /** Lets others run what has not begun; spends no attempt. */
  handBack(running: readonly RunningJob[]): void {
    for (const keys of this.#parts.queues) {
      const own = running.filter(({ delivery }) => delivery.keys === keys);
      if (own.length === 0) continue;
      const handed = this.#parts.settler
        .release(keys, own)
        .catch((error: unknown) => this.#parts.onLost(error))
        .finally(() => this.#handingBack.delete(handed));
      this.#handingBack.add(handed);
    }
  }

  async #releaseStrays(): Promise<void> {
    const { consumer, slots, queues, settler } = this.#parts;
    for (const keys of queues) {
      const known = new Set(
        [...slots.held].filter(({ delivery }) => delivery.keys === keys).map(({ refText }) => refText),
      );
      const strays = (await consumer.pendingDeliveries(keys)).filter(({ ref }) => !known.has(formatRef(ref)));
      // Nothing has begun on what never arrived.
      const unbegun = strays.map((stray) => ({ ...stray, begun: false }));
      if (strays.length > 0) await settler.release(keys, unbegun);
    }
    // A read that broke off here may be open at the server until its time is over, and be handed a job.
    const soon = this.#compareAt === 0;
    this.#compareAt = this.#parts.clock.monotonic() + (soon ? BLOCK_MS + 500 : COMPARE_EVERY_MS);
  }
}

const toRunning = (delivery: Delivery): RunningJob => new RunningJob(delivery, decodeEntry(delivery.fields));
