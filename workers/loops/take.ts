import type { Clock } from '../../src/clock.ts';
import type { Awaited, Consumer, Delivery } from '../../src/queue/consume.ts';
import { BLOCK_MS } from '../../src/redis/connect.ts';
import { decodeEntry, entryTime, formatRef } from '../../src/redis/entry.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { Running } from '../running.ts';
import type { Settler } from '../settler.ts';
import type { Slots } from '../slots.ts';

export interface TakeParts {
  consumer: Consumer;
  queues: readonly QueueKeys[];
  slots: Slots<Running>;
  settler: Settler;
  clock: Clock;
  leaseMs: number;
  /** The lease has ended: what runs for the queue may run elsewhere already. */
  onNoLease: (queue: string) => void;
}

/** Of the jobs taken from lanes, one in so many comes from a lane below the first. */
const FAVOUR_ONE_IN = 16;
const LEASE_PAUSE_MS = 200;
/** The books are compared this often without a reason, too. */
const COMPARE_EVERY_MS = 30_000;

/** What is carried from one call of the script to the next, for each queue. */
interface QueueState {
  readonly keys: QueueKeys;
  paused: boolean;
  tokens: string[];
  begun: string[];
  /** When the lanes were looked at last, by the clock of Redis. */
  lookedAt: number;
}

/**
 * Fills free slots: due jobs and lanes by script while there are any, else one blocking read over all
 * queues. A read whose reply was lost may have handed out jobs that never arrived; those are found by comparing
 * with what Redis says, after a fault and now and then, and handed back.
 */
export class TakePass {
  readonly #parts: TakeParts;
  readonly #queues: QueueState[];
  readonly #blockMs: number;
  #first = 0;
  #credit = 0;
  #favoured = 1;
  /** When the books are compared next, monotonic ms. */
  #compareAt: number;
  #stopped = false;
  /** Redis time minus local wall time, ms, as of the last call. */
  #skew = 0;

  constructor(parts: TakeParts) {
    this.#parts = parts;
    // A read of a process that was stopped still waits at the server, and would be handed jobs and tokens
    // that nobody sees: it must be over before the lease is.
    this.#blockMs = Math.min(BLOCK_MS, parts.leaseMs / 2);
    this.#compareAt = parts.clock.monotonic() + COMPARE_EVERY_MS;
    this.#queues = parts.queues.map((keys) => ({ keys, paused: false, tokens: [], begun: [], lookedAt: 0 }));
  }

  /** Deliveries may have been lost: compare before the next take. */
  distrust(): void {
    this.#compareAt = 0;
  }

  /** Takes nothing more; a read that is out comes back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#parts.consumer.interrupt().catch(() => undefined);
  }

  readonly run = async (): Promise<number> => {
    if (this.#stopped) return BLOCK_MS;
    try {
      if (this.#parts.clock.monotonic() >= this.#compareAt) await this.#releaseStrays();
      if (this.#parts.slots.free === 0) await this.#settleHints();
      await this.#parts.slots.room();
      if (this.#stopped) return BLOCK_MS;
      return await this.#fill();
    } catch (error) {
      this.distrust();
      throw error;
    }
  };

  /** There is no room to take anything, but what a blocking read brought is to be announced now. */
  async #settleHints(): Promise<void> {
    for (const state of this.#queues) {
      if (state.tokens.length + state.begun.length > 0) await this.#takeFrom(state);
    }
  }

  async #fill(): Promise<number> {
    let nextDueInMs = Number.POSITIVE_INFINITY;
    let taken = 0;
    // Each pass begins with another queue, so that a full one does not starve the next.
    const order = [...this.#queues.slice(this.#first), ...this.#queues.slice(0, this.#first)];
    this.#first = (this.#first + 1) % this.#queues.length;
    for (const state of order) {
      const found = await this.#takeFrom(state);
      if (found === 'no-lease') {
        this.#parts.onNoLease(state.keys.queue);
        return LEASE_PAUSE_MS;
      }
      taken += found.taken;
      nextDueInMs = Math.min(nextDueInMs, found.nextDueInMs ?? nextDueInMs);
    }
    if (taken === 0 && !this.#stopped && nextDueInMs > 0) await this.#block(nextDueInMs);
    return 0;
  }

  async #takeFrom(
    state: QueueState,
  ): Promise<'no-lease' | { taken: number; nextDueInMs: number | undefined }> {
    const { consumer, slots, clock } = this.#parts;
    const { tokens, begun } = state;
    const healedBefore = consumer.healed;
    const count = slots.free;
    const share = Math.floor(this.#credit);
    const reply = await consumer.take(state.keys, {
      count,
      favouredLane: share > 0 ? this.#favoured + 1 : 0,
      share,
      tokens,
      begun,
    });
    // A script that was repeated may have taken jobs the first time.
    if (consumer.healed !== healedBefore) this.distrust();
    if (reply.kind === 'no-lease') return 'no-lease';
    state.tokens = [];
    state.begun = [];
    state.lookedAt = reply.now;
    this.#skew = reply.now - clock.wall();
    if (share > 0) {
      this.#credit -= share;
      this.#favoured = (this.#favoured % 3) + 1;
    }
    state.paused = reply.paused;
    const { deliveries } = reply;
    this.#credit = Math.min(this.#credit + deliveries.length / FAVOUR_ONE_IN, 1 + count / FAVOUR_ONE_IN);
    await this.#accept(deliveries);
    return { taken: deliveries.length, nextDueInMs: reply.nextDueInMs };
  }

  async #block(untilMs: number): Promise<void> {
    const { consumer } = this.#parts;
    // The server looks at its time-outs only ten times a second, too coarse for a due time.
    const timer =
      untilMs < this.#blockMs
        ? setTimeout(() => void consumer.interrupt().catch(() => undefined), untilMs)
        : undefined;
    try {
      const found = await consumer.awaitWork(this.#queues, this.#blockMs);
      const deliveries = found.flatMap((one) => this.#sort(one));
      const isNew = ({ keys, entryId }: Delivery) => entryTime(entryId) >= this.#stateOf(keys).lookedAt;
      const fresh = deliveries.filter(isNew);
      for (const { keys, place, entryId } of fresh)
        this.#stateOf(keys).begun.push(formatRef({ place, entryId }));
      await this.#accept(fresh);
      // The lanes were empty: what is older comes from a group made anew, and only `take` knows its place.
      await this.#handBack(deliveries.filter((delivery) => !isNew(delivery)).map(toRunning));
    } finally {
      clearTimeout(timer);
    }
  }

  #sort(found: Awaited): Delivery[] {
    if (found.kind === 'nothing') return [];
    const state = this.#stateOf(found.keys);
    if (found.kind === 'token') {
      state.tokens.push(found.token);
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

  #stateOf(keys: QueueKeys): QueueState {
    const state = this.#queues.find((candidate) => candidate.keys === keys);
    if (state === undefined)
      throw new Error(`a read brought something of a queue not asked for: ${keys.queue}`);
    return state;
  }

  async #accept(deliveries: readonly Delivery[]): Promise<void> {
    const running = deliveries.map(toRunning);
    // A blocking read brings a job from each lane that has one, whatever there is room for.
    const room = this.#stopped ? 0 : this.#parts.slots.free;
    this.#parts.slots.accept(running.slice(0, room));
    await this.#handBack(running.slice(room));
  }

  async #handBack(running: readonly Running[]): Promise<void> {
    for (const keys of this.#parts.queues) {
      const own = running.filter(({ delivery }) => delivery.keys === keys);
      if (own.length > 0) await this.#parts.settler.release(keys, own);
    }
  }

  async #releaseStrays(): Promise<void> {
    const { consumer, slots, queues, settler } = this.#parts;
    for (const keys of queues) {
      const known = new Set(
        [...slots.running].filter(({ delivery }) => delivery.keys === keys).map(({ refText }) => refText),
      );
      const strays = (await consumer.held(keys)).filter(({ ref }) => !known.has(formatRef(ref)));
      // Nothing has begun on what never arrived.
      const unbegun = strays.map((stray) => ({ ...stray, begun: false }));
      if (strays.length > 0) await settler.release(keys, unbegun);
    }
    // A read that broke off here may be open at the server until its time is over, and be handed a job.
    const soon = this.#compareAt === 0;
    this.#compareAt = this.#parts.clock.monotonic() + (soon ? BLOCK_MS + 500 : COMPARE_EVERY_MS);
  }
}

const toRunning = (delivery: Delivery): Running => new Running(delivery, decodeEntry(delivery.fields));
