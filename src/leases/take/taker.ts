import { waitMsOf } from '../../attempts/attempt-events.ts';
import type { Core } from '../../core/core.ts';
import { LaneFairness, NO_FAVOURED_LANE } from '../../lifecycle/lane-fairness.ts';
import type { Completion, Settled } from '../../lifecycle/scripts/complete.ts';
import { type Delivery, TAKEN_BYTES } from '../../lifecycle/scripts/take.ts';
import type { Observer } from '../../observer.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { LeasedJob } from '../../schemas/lease.ts';
import type { AnnouncedTasks } from '../../tasks/directory.ts';
import type { SettleAndTakeRequest } from '../scripts/settle-and-take.ts';
import { QueueShares } from './queue-shares.ts';
import { settleUnrunnable, type TakeTarget } from './settle-unrunnable.ts';

/** A request to complete and take jobs in one queue, under a lease. */
export interface TakeRequest
  extends TakeTarget,
    Omit<SettleAndTakeRequest, 'favouredLane' | 'share' | 'isContinuation' | 'classes'> {
  readonly completions: readonly Completion[];
  readonly latency: ReadonlyMap<string, number>;
  /** The request has taken from this queue before. */
  readonly isAgain?: boolean;
}

export interface TakeResult {
  /** In the order of the completions. */
  readonly settled: readonly Settled[];
  readonly jobs: readonly LeasedJob[];
  /** Length of the payloads and options of `jobs`, characters. */
  readonly payloadSize: number;
  /** The deliveries of `jobs`, to release them if the requester has gone. */
  readonly deliveries: readonly Delivery[];
  /** See `SettledAndTaken`. */
  readonly expiresAt: number | undefined;
  /** The lease has ended, and nothing was taken. */
  readonly hasLeaseEnded: boolean;
  readonly nextDueInMs: number | undefined;
  /** The queue may have more jobs that could be taken now. */
  readonly mayHaveMore: boolean;
  /** The queue holds jobs, of whatever class: those that this worker can run are among the taken ones. */
  readonly hasHolds: boolean;
  /** See `Taken`. */
  readonly isAtLimit: boolean;
}

/**
 * Bytes that the payloads of one response may have; the last read of jobs may exceed it. A response too large to
 * arrive would cost every job in it an attempt.
 */
export const MAX_PAYLOAD_BYTES = 8 * 1_048_576;

/** No further take follows once about this many jobs in a row needed no run. */
const MAX_UNRUNNABLE = 1_000;
/** A take asks for so many times more than the one before of which nothing needed a run: to hold jobs one by one costs far more. */
const GROWTH = 4;

const NO_CLASSES: readonly string[] = [];

/** Completions and jobs of one call: bounds the time for which it keeps Redis busy. */
const STEP = 100;

/** Takes jobs from one queue for HTTP leases, and settles those at once that need no run. */
export class Taker {
  readonly #core: Core;
  readonly #fairness = new WeakMap<QueueKeys, LaneFairness>();
  /** Queues that held jobs at their last take. */
  readonly #withHolds = new WeakSet<QueueKeys>();
  /** Shares of the queues of those leases that name several. */
  readonly queueShares = new QueueShares();

  constructor(core: Core) {
    this.#core = core;
  }

  /** Completes and takes, in bounded steps: the first take goes with the last completions. */
  async take(request: TakeRequest): Promise<TakeResult> {
    const known = await this.#core.tasks.announced(request.keys);
    const settled: Settled[] = [];
    let { completions } = request;
    for (; completions.length > STEP; completions = completions.slice(STEP)) {
      settled.push(...(await this.#complete(request, completions.slice(0, STEP))));
    }
    const result = await this.#takeSteps({ ...request, completions }, known);
    settled.push(...result.settled);
    return { ...result, settled };
  }

  /** Takes until the request has what it wants. Held jobs are looked for first where the queue is known to hold some. */
  async #takeSteps(request: TakeRequest, known: AnnouncedTasks): Promise<TakeResult> {
    let mustLook = this.#withHolds.has(request.keys) && request.count > 0;
    const hasLooked = mustLook;
    let classes = mustLook ? await runnableClasses(request, known) : NO_CLASSES;
    let result = await this.#takeStep({ ...request, classes }, request.isAgain === true, known);
    const { settled } = result;
    mustLook = result.hasHolds && !hasLooked;
    let idle = 0;
    let asked = result.jobs.length === 0 ? request.count : 0;
    while (mustLook || (result.mayHaveMore && idle + asked < MAX_UNRUNNABLE)) {
      idle += asked;
      const most = request.count - result.jobs.length;
      const count = Math.max(most, Math.min(GROWTH * asked, STEP));
      const byteBudget = request.byteBudget - result.payloadSize;
      if (most < 1 || byteBudget <= 0) break;
      if (mustLook) classes = await runnableClasses(request, known);
      if (classes.length === 0 && !result.mayHaveMore) break;
      mustLook = false;
      const left = { count, most, byteBudget, classes, completions: [], latency: NO_LATENCIES };
      const step = await this.#takeStep({ ...request, ...left, isLeaseActive: true }, true, known);
      asked = step.jobs.length === 0 ? Math.min(count, STEP) : 0;
      if (asked === 0) idle = 0;
      result = joined(result, step);
    }
    return { ...result, settled };
  }

  /** Ends deliveries; their latencies are counted with the last ones. */
  async #complete({ consumer, keys }: TakeRequest, completions: readonly Completion[]): Promise<Settled[]> {
    return (await consumer.completeOnly(keys, completions)).settled;
  }

  /** Gives back what is beyond `most`, by default nothing. */
  async #takeStep(
    request: TakeRequest & { classes: readonly string[]; most?: number },
    isContinuation: boolean,
    known: AnnouncedTasks,
  ): Promise<TakeResult> {
    const {
      consumer,
      keys,
      completions,
      latency,
      tasks,
      most = request.count,
      isAgain: _,
      ...asked
    } = request;
    const count = Math.min(request.count, STEP);
    const byteBudget = Math.min(request.byteBudget, TAKEN_BYTES);
    const fairness = this.#fairness.get(keys) ?? new LaneFairness();
    this.#fairness.set(keys, fairness);
    const lane = count > 0 ? fairness.next() : NO_FAVOURED_LANE;
    const { taken, settled, expiresAt } = await consumer.settleAndTake(
      keys,
      completions,
      latency,
      this.#core.clock.wall(),
      { ...asked, ...lane, count, byteBudget, isContinuation },
    );
    if (taken.kind === 'no-lease') return { ...NOTHING_TAKEN, settled, expiresAt, hasLeaseEnded: true };
    if (count > 0) {
      fairness.taken(taken.deliveries.length, count);
      if (taken.hasHolds) this.#withHolds.add(keys);
      else this.#withHolds.delete(keys);
    }
    const target = { consumer, keys, tasks };
    const runnable = await settleUnrunnable(this.#core, target, taken.deliveries, known);
    const { hasHeld, hasEnded } = runnable;
    const [jobs, deliveries] = [runnable.jobs.slice(0, most), runnable.deliveries.slice(0, most)];
    await giveBack(target, runnable.deliveries.slice(most));
    observeTake(this.#core.observe, request, taken.deliveries.length, jobs, deliveries);
    if (jobs.length > 0) this.#core.deadlines.note(keys.queue, shortestTimeout(jobs) + 1);
    const isFull = taken.deliveries.length >= count || taken.isCut;
    return {
      settled,
      jobs,
      payloadSize: sizeOf(deliveries),
      deliveries,
      expiresAt: hasEnded ? undefined : expiresAt,
      hasLeaseEnded: false,
      nextDueInMs: taken.nextDueInMs,
      // A take that looked at many jobs of keys at their limits may have brought none.
      mayHaveMore:
        taken.isCut ||
        (taken.deliveries.length > 0 && (isFull || jobs.length === 0 || runnable.jobs.length > most)),
      hasHolds: taken.hasHolds || hasHeld,
      isAtLimit: taken.isAtLimit,
    };
  }
}

/** Releases deliveries, which spends no attempt. They go before others of their priority from then on. */
async function giveBack({ consumer, keys }: TakeTarget, surplus: readonly Delivery[]): Promise<void> {
  if (surplus.length === 0) return;
  const held = surplus.map(({ place, entryId, token, begun }) => ({ ref: { place, entryId }, token, begun }));
  await consumer.release(keys, held);
}

/** The classes of held jobs of which the worker can run some. */
const runnableClasses = (
  { consumer, keys, tasks }: TakeTarget,
  { schemasOf }: AnnouncedTasks,
): Promise<string[]> => consumer.runnableClasses(keys, { tasks: tasks && [...tasks], schemasOf });

const shortestTimeout = (jobs: readonly LeasedJob[]): number =>
  jobs.reduce((shortest, { timeoutMs }) => Math.min(shortest, timeoutMs), Number.POSITIVE_INFINITY);

/** Length of payloads, options and checkpoints, which the script counts in bytes, characters. */
const sizeOf = (deliveries: readonly Delivery[]): number =>
  deliveries.reduce(
    (sum, { fields, checkpoint = '' }) =>
      sum + (fields[3]?.length ?? 0) + (fields[5]?.length ?? 0) + checkpoint.length,
    0,
  );

/** What a request has taken in all, after one more step. */
const joined = (before: TakeResult, step: TakeResult): TakeResult => ({
  ...step,
  jobs: [...before.jobs, ...step.jobs],
  deliveries: [...before.deliveries, ...step.deliveries],
  payloadSize: before.payloadSize + step.payloadSize,
  // A step that finds the queue empty says nothing of what the lease holds from before.
  expiresAt: step.expiresAt ?? (before.jobs.length > 0 ? before.expiresAt : undefined),
});

/** Whether the take that asked for `count` jobs has left none in the queue. */
export const isDrained = ({ jobs, mayHaveMore }: TakeResult, count: number): boolean =>
  jobs.length < count && !mayHaveMore;

/** Reports what was taken, and the attempts that begin with it. */
function observeTake(
  observe: Observer,
  { keys: { queue }, consumer: { name: lease } }: TakeTarget,
  taken: number,
  jobs: readonly LeasedJob[],
  deliveries: readonly Delivery[],
): void {
  if (taken > 0 && observe.wants('jobs-taken')) observe({ kind: 'jobs-taken', queue, lease, jobs: taken });
  if (!observe.wants('attempt-started')) return;
  jobs.forEach(({ id, task, attempt }, i) => {
    const delivery = deliveries[i];
    if (delivery === undefined) return;
    const waitMs = waitMsOf(delivery);
    observe({ kind: 'attempt-started', queue, task, job: id, attempt, lease, waitMs });
  });
}

const NO_LATENCIES: ReadonlyMap<string, number> = new Map();

export const NOTHING_TAKEN: TakeResult = {
  settled: [],
  jobs: [],
  payloadSize: 0,
  deliveries: [],
  expiresAt: undefined,
  hasLeaseEnded: false,
  nextDueInMs: undefined,
  mayHaveMore: false,
  hasHolds: false,
  isAtLimit: false,
};
