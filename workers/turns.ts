import type { Clock } from '../src/clock.ts';
import type { Observer } from '../src/observer.ts';
import type { Consumer, Taken, TakeOptions } from '../src/queue/consume.ts';
import { isUnavailable } from '../src/redis/connect.ts';
import type { QueueKeys } from '../src/redis/keys.ts';
import { backoffMs } from './backoff.ts';
import { type Ended, histogram, nextGroup } from './ended.ts';
import { LaneShare } from './lane-share.ts';
import type { Running } from './running.ts';
import type { Slots } from './slots.ts';
import { trouble } from './trouble.ts';

export interface TurnsParts {
  consumer: Consumer;
  queues: readonly QueueKeys[];
  slots: Slots<Running>;
  clock: Clock;
  observe: Observer;
  /** Jobs that were taken; there is room for all of them unless the worker stops. */
  onTaken: (taken: Taken & { kind: 'taken' }) => void;
  /** The lease has ended: what runs for the queue may run elsewhere already. */
  onNoLease: (queue: string) => void;
  /** Jobs may have been handed out that never arrived. */
  onDoubt: () => void;
}

/** What is known of a queue, and what is to be told of it in the next turn. */
export interface QueueState {
  readonly keys: QueueKeys;
  readonly ended: Ended[];
  tokens: string[];
  begun: string[];
  paused: boolean;
  /** The last look found less than was asked for, and nothing has said since that there may be more. */
  dry: boolean;
  /** Takes on their way. */
  looking: number;
  /** No take before the lease is there again. */
  leaseless: boolean;
  /** Counts looks of all queues: the one with the lowest number was looked at longest ago. */
  look: number;
  /** When that was: monotonic ms, and ms of Redis. */
  lookedAt: number;
  lookedAtRedis: number;
  /** Of the first job that waits for its time, monotonic ms. */
  nextDueAt: number;
}

/** While one turn is on its way, the jobs that the other brought run. */
const MAX_IN_FLIGHT = 2;
const LEASE_PAUSE_MS = 200;

/**
 * Speaks with Redis in turns: each ends the jobs of a queue that have ended, and takes as many as there is room
 * for, in one round trip. Whatever comes up in one turn of the event loop goes together; what comes up while two
 * turns are on their way goes with the next.
 *
 * A turn that Redis could not take is made again, until `giveUp`: its ends may be repeated, and what it may have
 * taken unseen is found by comparing the books (`onDoubt`).
 */
export class Turns {
  readonly states: readonly QueueState[];
  readonly #parts: TurnsParts;
  readonly #share = new LaneShare();
  /** Most jobs of one take: so that two turns share the slots. */
  readonly #most: number;
  readonly #onQuiet: (() => void)[] = [];
  #inFlight = 0;
  /** Takes among those in flight. */
  #takes = 0;
  /** Slots that are promised to what is on its way. */
  #reserved = 0;
  #looks = 0;
  #failures = 0;
  /** Troubles that were reported since the last turn that went well. */
  readonly #told = new Set<string>();
  #scheduled = false;
  #resting = false;
  #holds = 0;
  #stopped = false;
  #givenUp = false;

  constructor(parts: TurnsParts) {
    this.#parts = parts;
    this.#most = Math.ceil(parts.slots.size / 2);
    this.states = parts.queues.map((keys) => ({
      keys,
      ended: [],
      tokens: [],
      begun: [],
      paused: false,
      dry: false,
      looking: 0,
      leaseless: false,
      look: 0,
      lookedAt: Number.NEGATIVE_INFINITY,
      lookedAtRedis: 0,
      nextDueAt: Number.POSITIVE_INFINITY,
    }));
  }

  stateOf(keys: QueueKeys): QueueState {
    const state = this.states.find((candidate) => candidate.keys === keys);
    if (state === undefined) throw new Error(`not a queue of this worker: ${keys.queue}`);
    return state;
  }

  /** Ends a job, with the next turn. */
  end(keys: QueueKeys, ended: Ended): void {
    this.stateOf(keys).ended.push(ended);
    this.schedule();
  }

  /** There may be something to do, once this turn of the event loop is over. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  /** How many jobs may be accepted beside those that are promised. */
  get room(): number {
    return this.#parts.slots.free - this.#reserved;
  }

  /** Keeps a slot free for what a read may bring, until the returned function is called. */
  reserve(): () => void {
    this.#reserved += 1;
    return () => {
      this.#reserved -= 1;
      this.schedule();
    };
  }

  /** Resolves when there is room, and no queue is known to have jobs: then it is time to wait for some. */
  async quiet(): Promise<void> {
    this.schedule();
    while (!this.#stopped && !this.#isQuiet) await this.#change();
  }

  /** Runs `use` while nothing is taken. */
  async withoutTakes<T>(use: () => Promise<T>): Promise<T> {
    this.#holds += 1;
    try {
      while (this.#takes > 0) await this.#change();
      return await use();
    } finally {
      this.#holds -= 1;
      this.schedule();
    }
  }

  /** Takes nothing more; what has ended is still told. */
  stop(): void {
    this.#stopped = true;
    this.#holds += 1;
    this.#changed();
  }

  /** Repeats nothing from now on: what Redis cannot take is left to the recovery by others. */
  giveUp(): void {
    this.#givenUp = true;
    this.#resting = false;
    this.schedule();
  }

  get #isQuiet(): boolean {
    return (
      this.room > 0 &&
      !this.#resting &&
      this.states.every(
        ({ dry, leaseless, tokens, begun }) => dry && !leaseless && tokens.length + begun.length === 0,
      )
    );
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#onQuiet.push(resolve);
    });
  }

  #changed(): void {
    for (const resolve of this.#onQuiet.splice(0)) resolve();
  }

  #pump(): void {
    while (this.#inFlight < MAX_IN_FLIGHT && !this.#resting) {
      const state = this.#next();
      if (state === undefined) break;
      void this.#turn(state);
    }
    this.#changed();
  }

  /** The queue that has something to tell, else the one that was looked at longest ago of those that may have jobs. */
  #next(): QueueState | undefined {
    const byLook = [...this.states].sort((a, b) => a.look - b.look);
    const hasNews = ({ ended, tokens, begun }: QueueState) => ended.length + tokens.length + begun.length > 0;
    return (
      byLook.find(hasNews) ?? (this.room > 0 ? byLook.find((state) => this.#mayHaveJobs(state)) : undefined)
    );
  }

  /** One look at a time, unless there is something to tell. */
  #mayHaveJobs({ dry, looking, leaseless }: QueueState): boolean {
    return this.#holds === 0 && !dry && looking === 0 && !leaseless;
  }

  /** Queues with jobs are taken from in turn. */
  #mayTake(state: QueueState): boolean {
    if (this.#holds > 0 || state.leaseless) return false;
    return this.states.every(
      (other) => other === state || !this.#mayHaveJobs(other) || other.look >= state.look,
    );
  }

  async #turn(state: QueueState): Promise<void> {
    const { consumer, clock } = this.#parts;
    const group = nextGroup(state.ended);
    const { tokens, begun } = state;
    state.tokens = [];
    state.begun = [];
    const count = this.#mayTake(state) ? Math.min(this.#most, Math.max(0, this.room + group.length)) : 0;
    const promised = Math.max(0, count - group.length);
    const healedBefore = consumer.healed;
    this.#depart(state, count, promised);
    const options: TakeOptions = { count, tokens, begun, ...(count > 0 ? this.#share.next() : NO_SHARE) };
    try {
      const completions = group.map(({ completion }) => completion);
      const turned = await consumer.turn(state.keys, completions, histogram(group), clock.wall(), options);
      this.#failures = 0;
      this.#told.clear();
      // A script that was repeated may have taken jobs the first time.
      if (consumer.healed !== healedBefore) this.#parts.onDoubt();
      group.forEach(({ settled }, i) => {
        settled(turned.settled[i] ?? 'stale');
      });
      this.#arrive(state, count, promised);
      if (count > 0) this.#taken(state, turned.taken, count);
    } catch (error) {
      this.#arrive(state, count, promised);
      state.tokens = [...tokens, ...state.tokens];
      state.begun = [...begun, ...state.begun];
      this.#failed(state, group, error);
    }
    this.#pump();
  }

  #depart(state: QueueState, count: number, promised: number): void {
    this.#inFlight += 1;
    this.#reserved += promised;
    if (count === 0) return;
    this.#takes += 1;
    this.#looks += 1;
    state.look = this.#looks;
    state.looking += 1;
  }

  #arrive(state: QueueState, count: number, promised: number): void {
    this.#inFlight -= 1;
    this.#reserved -= promised;
    if (count === 0) return;
    this.#takes -= 1;
    state.looking -= 1;
  }

  #taken(state: QueueState, taken: Taken, count: number): void {
    if (taken.kind === 'no-lease') {
      this.#loseLease(state);
      return;
    }
    const now = this.#parts.clock.monotonic();
    this.#share.taken(taken.deliveries.length, count);
    state.paused = taken.paused;
    state.dry = taken.paused || taken.deliveries.length < count;
    state.lookedAt = now;
    state.lookedAtRedis = taken.now;
    state.nextDueAt = now + (taken.nextDueInMs ?? Number.POSITIVE_INFINITY);
    if (taken.deliveries.length > 0) this.#parts.onTaken(taken);
  }

  #loseLease(state: QueueState): void {
    state.leaseless = true;
    setTimeout(() => {
      state.leaseless = false;
      state.dry = false;
      this.schedule();
    }, LEASE_PAUSE_MS).unref();
    this.#parts.onNoLease(state.keys.queue);
  }

  #failed(state: QueueState, group: Ended[], error: unknown): void {
    const { observe, onDoubt } = this.#parts;
    state.dry = false;
    onDoubt();
    const isTrouble = isUnavailable(error);
    if (isTrouble && !this.#givenUp) state.ended.unshift(...group);
    else for (const { failed } of group) failed(error);
    const where = group.length > 0 ? 'complete' : 'take';
    if (!isTrouble || !this.#told.has(where)) observe(trouble(where, error));
    this.#told.add(where);
    if (this.#resting || this.#givenUp) return;
    this.#resting = true;
    setTimeout(() => {
      this.#resting = false;
      this.schedule();
    }, backoffMs(this.#failures)).unref();
    this.#failures += 1;
  }
}

const NO_SHARE = { favouredLane: 0, share: 0 };
