import type { Clock } from '../../src/clock.ts';
import type { Consumer, Taken } from '../../src/lifecycle/consumer.ts';
import { LaneFairness, NO_FAVOURED_LANE } from '../../src/lifecycle/lane-fairness.ts';
import { toFaultEvent } from '../../src/maintenance/fault-event.ts';
import type { Observer } from '../../src/observer.ts';
import { isUnavailable } from '../../src/redis/faults.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { LatencyFlusher } from '../latency/latency-flusher.ts';
import type { RunningJob } from '../run/running-job.ts';
import type { Acceptor } from './acceptor.ts';
import { type FinishedJob, takeChunk } from './calls/finished-jobs.ts';
import { FreeSlots } from './calls/free-slots.ts';
import { type Call, InFlight, type InFlightParts } from './calls/in-flight.ts';
import { type LeasePauseParts, pauseWithoutLease } from './calls/lease-pause.ts';
import { NextQueue } from './calls/next-queue.ts';
import type { PrimaryCalls } from './calls/primary-calls.ts';
import { ChangeSignal } from './change-signal.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';
import { type AskedClasses, askedClasses, HoldWatch, type HoldWatchParts } from './hold-watch.ts';
import {
  newQueueState,
  putBackNews,
  type QueueState,
  recordTake,
  removeNews,
  stateIn,
} from './queue-state.ts';

export interface BatcherParts extends Pick<HoldWatchParts, 'ability' | 'endRead'>, LeasePauseParts {
  consumer: Consumer;
  queues: readonly QueueKeys[];
  limiter: ConcurrencyLimiter<RunningJob>;
  acceptor: Acceptor;
  clock: Clock;
  observe: Observer;
  /** Redis may have deliveries of the queue that this process does not hold: they never arrived, or their ends were lost. */
  onUncertainDelivery: (keys: QueueKeys) => void;
  /** Names the primary of a queue, where Redis has several. */
  primaryOf: InFlightParts['primaryOf'];
}

/** Most jobs of one call: bounds the time for which it keeps Redis busy. */
const MOST_TAKEN = 100;

/**
 * Batches completions and takes: one call writes the finished jobs of a queue and takes as many jobs as fit. All that
 * comes up in one turn of the event loop goes into one call. At most two calls are under way; later work waits for one.
 *
 * A call that Redis could not serve is repeated until `giveUp`. Completions are safe to repeat; jobs that it may have
 * taken unseen are found by reconciling. A primary of a Cluster that is away holds up neither calls nor slots of the others.
 */
export class Batcher {
  /** Changed by `serveQueues`. */
  readonly states: QueueState[];
  readonly holds: HoldWatch;
  readonly #parts: BatcherParts;
  readonly inFlight: InFlight;
  readonly #freeSlots: FreeSlots;
  readonly #nextQueue: NextQueue;
  readonly #fairness = new LaneFairness();
  readonly #latencyFlusher = new LatencyFlusher(() => this.schedule());
  readonly #change = new ChangeSignal();
  #isScheduled = false;
  #isStopped = false;

  constructor(parts: BatcherParts) {
    this.#parts = parts;
    this.states = parts.queues.map(newQueueState);
    this.holds = new HoldWatch({ ...parts, states: this.states, onFound: () => this.schedule() });
    this.inFlight = new InFlight({ ...parts, onChange: () => this.schedule() });
    this.#freeSlots = new FreeSlots(parts.limiter, this.inFlight);
    this.#nextQueue = new NextQueue(this.states, this.inFlight);
  }

  /** Writes the result of a job with the next call. */
  complete(keys: QueueKeys, job: FinishedJob): void {
    const state = stateIn(this.states, keys);
    state.finished.push(job);
    state.latency.count(job);
    this.schedule();
  }

  /** Starts calls, where they are due, at the end of this turn of the event loop. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#startCalls();
    });
  }

  /** Runs a blocking read over all queues. A slot stays reserved for the job that it may return. */
  async duringRead<T>(read: () => Promise<T>): Promise<T> {
    this.inFlight.startRead();
    try {
      return await read();
    } finally {
      this.inFlight.endRead();
      this.schedule();
    }
  }

  /**
   * Resolves when a slot is free and all queues are drained: a blocking read can then wait for jobs. Also resolves when
   * `isInterrupted` says so; it is checked after each call.
   */
  async whenReadyToWait(isInterrupted: () => boolean): Promise<void> {
    this.schedule();
    while (!this.isReadyToWait && !isInterrupted()) await this.#change.next();
  }

  /** Runs `use` while no take from queues of the primaries is under way. */
  async withoutTakes<T>(use: () => Promise<T>, primaries = this.inFlight.allOf(this.states)): Promise<T> {
    for (const primary of primaries) primary.holds += 1;
    try {
      while (primaries.some(({ openTakes }) => openTakes > 0)) await this.#change.next();
      return await use();
    } finally {
      for (const primary of primaries) primary.holds -= 1;
      this.schedule();
    }
  }

  /** Takes nothing more; finished jobs are still written. */
  stop(): void {
    this.#isStopped = true;
    this.#change.notify();
  }

  /** Writes the remaining latency counts, once. */
  async flush(): Promise<void> {
    const { consumer, clock, observe } = this.#parts;
    try {
      await this.#latencyFlusher.flush(consumer, this.states, clock);
    } catch (error) {
      observe(toFaultEvent('latency', error));
    }
  }

  /** Repeats nothing from now on: jobs whose outcome Redis cannot store are recovered by other workers. */
  giveUp(): void {
    this.inFlight.giveUp();
  }

  /** Whether a blocking read can wait for jobs. */
  get isReadyToWait(): boolean {
    return this.#freeSlots.count() > 0 && this.#nextQueue.areAllDrained;
  }

  #startCalls(): void {
    while (this.inFlight.hasAnyCapacity) {
      const canTake = !this.#isStopped && this.#freeSlots.count() > 0;
      const state = this.#nextQueue.choose(
        canTake,
        this.#parts.clock.monotonic(),
        this.#freeSlots.count(false),
      );
      if (state === undefined) break;
      void this.#call(state);
    }
    this.#change.notify();
  }

  /** How many jobs a call may take that completes `finished` jobs: at most half the capacity, so that two calls share it. */
  #takeCount(state: QueueState, finished: number): number {
    const starts = this.#freeSlots.count(false) + finished;
    const now = this.#parts.clock.monotonic();
    const isHeld = this.#isStopped || this.inFlight.of(state.keys).holds > 0;
    if (isHeld || !this.#nextQueue.isFirstToTake(state, now, starts)) return 0;
    const most = Math.min(MOST_TAKEN, Math.ceil(this.#parts.limiter.capacity / 2));
    return Math.min(most, Math.max(0, state.allowsReadAhead ? this.#freeSlots.count() + finished : starts));
  }

  async #call(state: QueueState): Promise<void> {
    const { consumer, clock, onUncertainDelivery } = this.#parts;
    const chunk = takeChunk(state.finished);
    const news = removeNews(state);
    const count = this.#takeCount(state, chunk.length);
    const reservedSlots = Math.max(0, count - chunk.length);
    const primary = this.inFlight.of(state.keys);
    const call: Call = { state, primary, count, news: state.news, reservedSlots };
    const lane = count > 0 ? this.#fairness.next() : NO_FAVOURED_LANE;
    const asked = askedClasses(state);
    const options = { count, firstRead: state.firstRead, ...news, classes: [...asked.keys()], ...lane };
    const latency = state.latency.takeDue(clock.monotonic());
    const groupsBefore = consumer.recreatedGroups;
    this.inFlight.startCall(call);
    if (count > 0) this.#nextQueue.taking(state, clock.monotonic());
    try {
      const ended = chunk.map(({ completion }) => completion);
      const reply = await consumer.completeAndTake(state.keys, ended, latency, clock.wall(), options);
      primary.backoff.succeeded();
      // A script that was repeated may have taken jobs the first time.
      if (consumer.recreatedGroups !== groupsBefore) onUncertainDelivery(state.keys);
      chunk.forEach(({ onSettled }, i) => {
        onSettled(reply.settled[i] ?? 'stale');
      });
      this.inFlight.endCall(call);
      if (count > 0) this.#accept(call, reply.taken, asked);
      this.#latencyFlusher.scheduleFor(state);
    } catch (error) {
      this.inFlight.endCall(call);
      putBackNews(state, news);
      state.latency.restore(latency);
      this.#callFailed(call, chunk, error);
    }
    this.#startCalls();
  }

  #accept(call: Call, taken: Taken, asked: AskedClasses): void {
    const { state, count } = call;
    if (taken.kind === 'no-lease') {
      if (!state.isDropped) pauseWithoutLease(state, this.#parts, () => this.schedule());
      return;
    }
    this.#fairness.taken(taken.deliveries.length, count);
    const now = this.#parts.clock.monotonic();
    recordTake(state, taken, count, now);
    this.#nextQueue.taking(state, now);
    this.holds.taken(state, asked, taken, call);
    if (taken.deliveries.length > 0) this.#parts.acceptor.acceptTaken(taken);
  }

  #callFailed({ state, primary }: Call, chunk: FinishedJob[], error: unknown): void {
    const isRepeated = isUnavailable(error) && !primary.backoff.isGivenUp;
    if (isRepeated) state.finished.unshift(...chunk);
    else for (const { onError } of chunk) onError(error);
    state.isDrained = false;
    this.#parts.onUncertainDelivery(state.keys);
    this.failed(primary, chunk.length > 0 ? 'complete' : 'take', error);
  }

  /** The primary could not be asked: it is asked again a little later. */
  failed(primary: PrimaryCalls, where: string, error: unknown): void {
    const isAway = isUnavailable(error);
    for (const state of this.states.filter(({ keys }) => this.inFlight.of(keys) === primary)) {
      // One of its queues must be chosen for that.
      if (primary.isOneOfMany) state.isDrained = false;
      if (isAway) this.#parts.onUncertainDelivery(state.keys);
    }
    const isNew = primary.backoff.failed(where, isAway);
    if (isNew || !isAway) this.#parts.observe(toFaultEvent(where, error));
  }
}
