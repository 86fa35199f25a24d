import type { Clock } from '../../src/clock.ts';
import type { Consumer, Taken, TakeOptions } from '../../src/lifecycle/consumer.ts';
import { LaneFairness, NO_FAVOURED_LANE } from '../../src/lifecycle/lane-fairness.ts';
import { toFaultEvent } from '../../src/maintenance/fault-event.ts';
import type { Observer } from '../../src/observer.ts';
import { isUnavailable } from '../../src/redis/faults.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { LatencyFlusher } from '../latency/latency-flusher.ts';
import type { RunningJob } from '../run/running-job.ts';
import type { Acceptor } from './acceptor.ts';
import { CallBackoff } from './call-backoff.ts';
import { ChangeSignal } from './change-signal.ts';
import type { ConcurrencyLimiter } from './concurrency-limiter.ts';
import { type FinishedJob, takeChunk } from './finished-jobs.ts';
import { type AskedClasses, askedClasses, HoldWatch, type HoldWatchParts } from './hold-watch.ts';
import { type Call, InFlight } from './in-flight.ts';
import { NextQueue } from './next-queue.ts';
import {
  isReadyToWait,
  newQueueState,
  putBackNews,
  type QueueState,
  recordTake,
  removeNews,
  stateIn,
} from './queue-state.ts';

export interface BatcherParts extends Pick<HoldWatchParts, 'ability' | 'endRead'> {
  consumer: Consumer;
  queues: readonly QueueKeys[];
  limiter: ConcurrencyLimiter<RunningJob>;
  acceptor: Acceptor;
  clock: Clock;
  observe: Observer;
  /** Redis has no lease of this process: jobs of the queue may already run elsewhere. */
  onNoLease: (queue: string) => void;
  /** Redis may have delivered jobs that never arrived. */
  onUncertainDelivery: () => void;
}

/** How long nothing is taken from a queue without a lease, so that the supervisor can register it. */
const LEASE_PAUSE_MS = 200;

/** Most jobs of one call: bounds the time for which it keeps Redis busy. */
const MOST_TAKEN = 100;

/**
 * Batches completions and takes: one call writes the finished jobs of a queue and takes as many jobs as fit. All that
 * comes up in one turn of the event loop goes into one call. At most two calls are under way; later work waits for one.
 *
 * A call that Redis could not serve is repeated until `giveUp`. Completions are safe to repeat; jobs that it may have
 * taken unseen are found by reconciling (`onUncertainDelivery`).
 */
export class Batcher {
  /** Changed by `serveQueues`. */
  readonly states: QueueState[];
  readonly holds: HoldWatch;
  readonly #parts: BatcherParts;
  readonly #inFlight = new InFlight();
  readonly #nextQueue: NextQueue;
  readonly #fairness = new LaneFairness();
  readonly #backoff = new CallBackoff(() => this.schedule());
  readonly #latencyFlusher = new LatencyFlusher(() => this.schedule());
  readonly #change = new ChangeSignal();
  #isScheduled = false;
  /** Nothing is taken while this is above 0. */
  #holds = 0;

  constructor(parts: BatcherParts) {
    this.#parts = parts;
    this.states = parts.queues.map(newQueueState);
    this.holds = new HoldWatch({ ...parts, states: this.states, onFound: () => this.schedule() });
    this.#nextQueue = new NextQueue(this.states, this.#inFlight);
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
    this.#inFlight.startRead();
    try {
      return await read();
    } finally {
      this.#inFlight.endRead();
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

  /** Runs `use` while no take is under way. */
  async withoutTakes<T>(use: () => Promise<T>): Promise<T> {
    this.#holds += 1;
    try {
      while (this.#inFlight.openTakes > 0) await this.#change.next();
      return await use();
    } finally {
      this.#holds -= 1;
      this.schedule();
    }
  }

  /** Takes nothing more; finished jobs are still written. */
  stop(): void {
    this.#holds += 1;
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
    this.#backoff.giveUp();
  }

  /** Slots for jobs of a new call. A job that is read ahead counts as running, so a queue with a limit may forbid it. */
  #freeSlots(allowsReadAhead = true): number {
    const { freeSlots, freeStarts } = this.#parts.limiter;
    return (allowsReadAhead ? freeSlots : freeStarts) - this.#inFlight.reservedSlots;
  }

  /** Whether a blocking read can wait for jobs. */
  get isReadyToWait(): boolean {
    return this.#freeSlots() > 0 && !this.#backoff.isPaused && this.states.every(isReadyToWait);
  }

  #startCalls(): void {
    while (this.#inFlight.hasCapacity && !this.#backoff.isPaused) {
      const canTake = this.#holds === 0 && this.#freeSlots() > 0;
      const state = this.#nextQueue.choose(canTake, this.#parts.clock.monotonic(), this.#freeSlots(false));
      if (state === undefined) break;
      void this.#call(state);
    }
    this.#change.notify();
  }

  /** How many jobs a call may take that completes `finished` jobs: at most half the capacity, so that two calls share it. */
  #takeCount(state: QueueState, finished: number): number {
    const starts = this.#freeSlots(false) + finished;
    const now = this.#parts.clock.monotonic();
    if (this.#holds > 0 || !this.#nextQueue.isFirstToTake(state, now, starts)) return 0;
    const most = Math.min(MOST_TAKEN, Math.ceil(this.#parts.limiter.capacity / 2));
    return Math.min(most, Math.max(0, state.allowsReadAhead ? this.#freeSlots() + finished : starts));
  }

  async #call(state: QueueState): Promise<void> {
    const { consumer, clock, onUncertainDelivery } = this.#parts;
    const chunk = takeChunk(state.finished);
    const news = removeNews(state);
    const count = this.#takeCount(state, chunk.length);
    const reservedSlots = Math.max(0, count - chunk.length);
    const call: Call = { state, count, news: state.news, reservedSlots };
    const lane = count > 0 ? this.#fairness.next() : NO_FAVOURED_LANE;
    const asked = askedClasses(state);
    const given = { ...news, classes: [...asked.keys()] };
    const options: TakeOptions = { count, firstRead: state.firstRead, ...given, ...lane };
    const latency = state.latency.takeDue(clock.monotonic());
    const groupsBefore = consumer.recreatedGroups;
    this.#inFlight.startCall(call);
    try {
      const ended = chunk.map(({ completion }) => completion);
      const reply = await consumer.completeAndTake(state.keys, ended, latency, clock.wall(), options);
      this.#backoff.succeeded();
      // A script that was repeated may have taken jobs the first time.
      if (consumer.recreatedGroups !== groupsBefore) onUncertainDelivery();
      chunk.forEach(({ onSettled }, i) => {
        onSettled(reply.settled[i] ?? 'stale');
      });
      this.#inFlight.endCall(call);
      if (count > 0) this.#accept(call, reply.taken, asked);
      this.#latencyFlusher.scheduleFor(state);
    } catch (error) {
      this.#inFlight.endCall(call);
      putBackNews(state, news);
      state.latency.restore(latency);
      this.#callFailed(state, chunk, error);
    }
    this.#startCalls();
  }

  #accept(call: Call, taken: Taken, asked: AskedClasses): void {
    const { state, count } = call;
    if (taken.kind === 'no-lease') {
      this.#pauseWithoutLease(state);
      return;
    }
    this.#fairness.taken(taken.deliveries.length, count);
    recordTake(state, taken, count, this.#parts.clock.monotonic());
    this.holds.taken(state, asked, taken, call);
    if (taken.deliveries.length > 0) this.#parts.acceptor.acceptTaken(taken);
  }

  #pauseWithoutLease(state: QueueState): void {
    state.lacksLease = true;
    setTimeout(() => {
      state.lacksLease = false;
      state.isDrained = false;
      this.schedule();
    }, LEASE_PAUSE_MS).unref();
    const { consumer, observe, onNoLease } = this.#parts;
    const { queue } = state.keys;
    const { name } = consumer;
    if (!state.isLossReported) observe({ kind: 'lease-lost', consumer: name, lease: name, queue });
    state.isLossReported = true;
    onNoLease(queue);
  }

  #callFailed(state: QueueState, chunk: FinishedJob[], error: unknown): void {
    const { observe, onUncertainDelivery } = this.#parts;
    state.isDrained = false;
    onUncertainDelivery();
    const isRepeated = isUnavailable(error) && !this.#backoff.isGivenUp;
    if (isRepeated) state.finished.unshift(...chunk);
    else for (const { onError } of chunk) onError(error);
    const where = chunk.length > 0 ? 'complete' : 'take';
    const isNew = this.#backoff.failed(where);
    if (isNew || !isUnavailable(error)) observe(toFaultEvent(where, error));
  }
}
