import type { Clock } from '../../src/clock.ts';
import type { Consumer, Taken, TakeOptions } from '../../src/lifecycle/consumer.ts';
import { LaneFairness } from '../../src/lifecycle/lane-fairness.ts';
import { toFaultEvent } from '../../src/maintenance/fault-event.ts';
import { redisBackoffMs } from '../../src/maintenance/redis-backoff.ts';
import type { Observer } from '../../src/observer.ts';
import { isUnavailable } from '../../src/redis/connect.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { RunningJob } from '../run/running-job.ts';
import type { ConcurrencyLimiter } from './concurrency.ts';
import { type EndedJob, FLUSH_EVERY_MS, nextGroup } from './ended-jobs.ts';
import { InFlight, type Trip } from './in-flight.ts';
import { hasNews, newQueueState, type QueueState } from './queue-state.ts';

export interface BatcherParts {
  consumer: Consumer;
  queues: readonly QueueKeys[];
  slots: ConcurrencyLimiter<RunningJob>;
  clock: Clock;
  observe: Observer;
  /** Jobs that were taken; there is room for all of them unless the worker stops. */
  onTaken: (taken: Taken & { kind: 'taken' }) => void;
  /** The lease has ended: what runs for the queue may run elsewhere already. `isNew`: the take before found it. */
  onNoLease: (queue: string, isNew: boolean) => void;
  /** Jobs may have been handed out that never arrived. */
  onDoubt: () => void;
}

const LEASE_PAUSE_MS = 200;
/** While other queues keep the worker from waiting for jobs, an empty one is looked at this often. */
const LOOK_EVERY_MS = 10;

const NO_SHARE = { favouredLane: 0, share: 0 };

/**
 * Speaks with Redis in turns: each ends the jobs of a queue that have ended, and takes as many as there is room
 * for, in one round trip. Whatever comes up in one turn of the event loop goes together; what comes up while two
 * turns are on their way goes with the next.
 *
 * A turn that Redis could not take is made again, until `giveUp`: its ends may be repeated, and what it may have
 * taken unseen is found by comparing the books (`onDoubt`).
 */
export class Batcher {
  readonly states: readonly QueueState[];
  readonly #parts: BatcherParts;
  readonly #share = new LaneFairness();
  readonly #traffic = new InFlight();
  readonly #onChange: (() => void)[] = [];
  /** Troubles that were reported since the last turn that went well. */
  readonly #told = new Set<string>();
  #failures = 0;
  #telling: NodeJS.Timeout | undefined;
  #scheduled = false;
  #resting = false;
  #holds = 0;
  #givenUp = false;

  constructor(parts: BatcherParts) {
    this.#parts = parts;
    this.states = parts.queues.map(newQueueState);
  }

  stateOf(keys: QueueKeys): QueueState {
    const state = this.states.find((candidate) => candidate.keys === keys);
    if (state === undefined) throw new Error(`not a queue of this worker: ${keys.queue}`);
    return state;
  }

  /** Ends a job, with the next turn. */
  end(keys: QueueKeys, ended: EndedJob): void {
    const state = this.stateOf(keys);
    state.ended.push(ended);
    state.latency.count(ended);
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

  /** Runs `read`, which may bring a job of any queue; a slot is kept free for it. */
  async watching<T>(read: () => Promise<T>): Promise<T> {
    this.#traffic.watch();
    try {
      return await read();
    } finally {
      this.#traffic.unwatch();
      this.schedule();
    }
  }

  /**
   * Resolves when there is room and no queue is known to have jobs, so that it is time to wait for some; or when
   * `isCalled`, which is asked after every turn.
   */
  async quiet(isCalled: () => boolean): Promise<void> {
    this.schedule();
    while (!this.#isQuiet && !isCalled()) await this.#change();
  }

  /** Runs `use` while nothing is taken. */
  async withoutTakes<T>(use: () => Promise<T>): Promise<T> {
    this.#holds += 1;
    try {
      while (this.#traffic.takes > 0) await this.#change();
      return await use();
    } finally {
      this.#holds -= 1;
      this.schedule();
    }
  }

  /** Takes nothing more; what has ended is still told. */
  stop(): void {
    this.#holds += 1;
    this.#changed();
  }

  /** Tells what is still to be told of latency, once. */
  async flush(): Promise<void> {
    clearTimeout(this.#telling);
    const { consumer, clock } = this.#parts;
    for (const { keys, latency } of this.states) {
      if (latency.isEmpty) continue;
      const counts = latency.takeAll(clock.monotonic());
      await consumer.completeAndTake(keys, [], counts, clock.wall(), {
        count: 0,
        tokens: [],
        begun: [],
        ...NO_SHARE,
      });
    }
  }

  /** Repeats nothing from now on: what Redis cannot take is left to the recovery by others. */
  giveUp(): void {
    this.#givenUp = true;
    this.#resting = false;
    this.schedule();
  }

  /** Most jobs of one take: so that two turns share what the process may hold. */
  get #most(): number {
    return Math.ceil(this.#parts.slots.capacity / 2);
  }

  /** How many jobs may be taken beside those that are promised. */
  get #room(): number {
    return this.#parts.slots.free - this.#traffic.reserved;
  }

  get #isQuiet(): boolean {
    const isQuiet = ({ dry, leaseless, tokens, begun }: QueueState) =>
      dry && !leaseless && tokens.length + begun.length === 0;
    return this.#room > 0 && !this.#resting && this.states.every(isQuiet);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange.push(resolve);
    });
  }

  #changed(): void {
    for (const resolve of this.#onChange.splice(0)) resolve();
  }

  #pump(): void {
    while (this.#traffic.mayDepart && !this.#resting) {
      const state = this.#next();
      if (state === undefined) break;
      void this.#turn(state);
    }
    this.#changed();
  }

  /** The queue that has something to tell, else the one that was looked at longest ago of those that may have jobs. */
  #next(): QueueState | undefined {
    const byLook = this.states.length === 1 ? this.states : [...this.states].sort((a, b) => a.look - b.look);
    const now = this.#parts.clock.monotonic();
    const news = byLook.find((state) => hasNews(state, now));
    if (news !== undefined || this.#room <= 0) return news;
    return byLook.find((state) => this.#mayHaveJobs(state));
  }

  /** One look at a time, unless there is something to tell. */
  #mayHaveJobs({ dry, looking, leaseless, lookedAt, nextDueAt }: QueueState): boolean {
    if (this.#holds > 0 || looking > 0 || leaseless) return false;
    if (!dry) return true;
    const now = this.#parts.clock.monotonic();
    const isAlone = this.states.every((state) => state.dry);
    return now >= nextDueAt || (!isAlone && !this.#traffic.isWatching && now - lookedAt >= LOOK_EVERY_MS);
  }

  /** Queues with jobs are taken from in turn. */
  #mayTake(state: QueueState): boolean {
    if (this.#holds > 0 || state.leaseless) return false;
    const isNext = (other: QueueState) => this.#mayHaveJobs(other) && other.look < state.look;
    return this.states.length === 1 || !this.states.some(isNext);
  }

  async #turn(state: QueueState): Promise<void> {
    const { consumer, clock, onDoubt } = this.#parts;
    const group = nextGroup(state.ended);
    const { tokens, begun } = state;
    state.tokens = [];
    state.begun = [];
    const count = this.#mayTake(state) ? Math.min(this.#most, Math.max(0, this.#room + group.length)) : 0;
    const trip: Trip = { state, count, promised: Math.max(0, count - group.length) };
    const healedBefore = consumer.recreatedGroups;
    const options: TakeOptions = { count, tokens, begun, ...(count > 0 ? this.#share.next() : NO_SHARE) };
    const latency = state.latency.take(clock.monotonic());
    this.#traffic.depart(trip);
    try {
      const completions = group.map(({ completion }) => completion);
      const turned = await consumer.completeAndTake(state.keys, completions, latency, clock.wall(), options);
      this.#failures = 0;
      if (this.#told.size > 0) this.#told.clear();
      // A script that was repeated may have taken jobs the first time.
      if (consumer.recreatedGroups !== healedBefore) onDoubt();
      group.forEach(({ settled }, i) => {
        settled(turned.settled[i] ?? 'stale');
      });
      this.#traffic.arrive(trip);
      if (count > 0) this.#taken(state, turned.taken, count);
      this.#tellLater(state);
    } catch (error) {
      this.#traffic.arrive(trip);
      state.tokens.unshift(...tokens);
      state.begun.unshift(...begun);
      state.latency.giveBack(latency);
      this.#failed(state, group, error);
    }
    this.#pump();
  }

  /** Counts of latency wait for a turn that is made anyway, but not for ever. */
  #tellLater(state: QueueState): void {
    if (state.latency.isEmpty || this.#telling !== undefined) return;
    this.#telling = setTimeout(() => {
      this.#telling = undefined;
      this.schedule();
    }, FLUSH_EVERY_MS).unref();
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
    state.hasLease = true;
    if (taken.deliveries.length > 0) this.#parts.onTaken(taken);
  }

  #loseLease(state: QueueState): void {
    state.leaseless = true;
    setTimeout(() => {
      state.leaseless = false;
      state.dry = false;
      this.schedule();
    }, LEASE_PAUSE_MS).unref();
    this.#parts.onNoLease(state.keys.queue, state.hasLease);
    state.hasLease = false;
  }

  #failed(state: QueueState, group: EndedJob[], error: unknown): void {
    const { observe, onDoubt } = this.#parts;
    state.dry = false;
    onDoubt();
    const isTrouble = isUnavailable(error);
    if (isTrouble && !this.#givenUp) state.ended.unshift(...group);
    else for (const { failed } of group) failed(error);
    const where = group.length > 0 ? 'complete' : 'take';
    if (!isTrouble || !this.#told.has(where)) observe(toFaultEvent(where, error));
    this.#told.add(where);
    if (!this.#resting && !this.#givenUp) this.#rest();
  }

  #rest(): void {
    this.#resting = true;
    setTimeout(() => {
      this.#resting = false;
      this.schedule();
    }, redisBackoffMs(this.#failures)).unref();
    this.#failures += 1;
  }
}
