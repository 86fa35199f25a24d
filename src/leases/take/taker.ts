import { waitMsOf } from '../../attempts/attempt-events.ts';
import type { Core } from '../../core/core.ts';
import { LaneFairness } from '../../lifecycle/lane-fairness.ts';
import type { Completion, Settled } from '../../lifecycle/scripts/complete.ts';
import type { Delivery } from '../../lifecycle/scripts/take.ts';
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
    Omit<SettleAndTakeRequest, 'favouredLane' | 'share' | 'isContinuation'> {
  readonly completions: readonly Completion[];
  readonly latency: ReadonlyMap<string, number>;
  /** The request has taken from this queue before. */
  readonly isAgain?: boolean;
}

export interface TakeResult {
  /** In the order of the completions. */
  readonly settled: readonly Settled[];
  readonly jobs: readonly LeasedJob[];
  /** Length of the payloads of `jobs`, characters. */
  readonly payloadSize: number;
  /** The deliveries of `jobs`, to release them if the requester has gone. */
  readonly deliveries: readonly Delivery[];
  /** See `SettledAndTaken`. */
  readonly expiresAt: number | undefined;
  /** The lease has ended, and nothing was taken. */
  readonly hasLeaseEnded: boolean;
  readonly nextDueInMs: number | undefined;
  /** Everything that was taken needed no run. The next jobs may need none either, so there may be more. */
  readonly mayHaveMore: boolean;
}

/**
 * Bytes that the payloads of one response may have; the last read of jobs may exceed it. A response too large to
 * arrive would cost every job in it an attempt.
 */
export const MAX_PAYLOAD_BYTES = 8 * 1_048_576;

/** Most takes of one request, while all that was taken needed no run. */
const MAX_ROUNDS = 10;

/** Takes jobs from one queue for HTTP leases, and settles those at once that need no run. */
export class Taker {
  readonly #core: Core;
  readonly #fairness = new WeakMap<QueueKeys, LaneFairness>();
  /** Shares of the queues of those leases that name several. */
  readonly queueShares = new QueueShares();

  constructor(core: Core) {
    this.#core = core;
  }

  async take(request: TakeRequest): Promise<TakeResult> {
    const known = await this.#core.tasks.announced(request.keys);
    const first = await this.#takeOnce(request, request.isAgain === true, known);
    let result = first;
    for (let round = 1; result.mayHaveMore && round < MAX_ROUNDS; round += 1) {
      const next = { ...request, isLeaseActive: true, completions: [], latency: new Map() };
      result = await this.#takeOnce(next, true, known);
    }
    return result === first ? first : { ...result, settled: first.settled };
  }

  async #takeOnce(request: TakeRequest, isContinuation: boolean, known: AnnouncedTasks): Promise<TakeResult> {
    const { consumer, keys, completions, latency, tasks, isAgain: _, ...asked } = request;
    const { count } = request;
    const fairness = this.#fairness.get(keys) ?? new LaneFairness();
    this.#fairness.set(keys, fairness);
    const lane = count > 0 ? fairness.next() : NO_FAVOURED_LANE;
    const { taken, settled, expiresAt } = await consumer.settleAndTake(
      keys,
      completions,
      latency,
      this.#core.clock.wall(),
      { ...asked, ...lane, isContinuation },
    );
    if (taken.kind === 'no-lease') return { ...NOTHING_TAKEN, settled, expiresAt, hasLeaseEnded: true };
    if (count > 0) fairness.taken(taken.deliveries.length, count);
    const { jobs, deliveries, hasEnded } = await settleUnrunnable(
      this.#core,
      { consumer, keys, tasks },
      taken.deliveries,
      known,
    );
    observeTake(this.#core.observe, request, taken.deliveries.length, jobs, deliveries);
    if (jobs.length > 0) this.#core.deadlines.note(keys.queue, shortestTimeout(jobs) + 1);
    return {
      settled,
      jobs,
      payloadSize: deliveries.reduce((sum, { fields }) => sum + (fields[3]?.length ?? 0), 0),
      deliveries,
      expiresAt: hasEnded ? undefined : expiresAt,
      hasLeaseEnded: false,
      nextDueInMs: taken.nextDueInMs,
      mayHaveMore: taken.deliveries.length > 0 && jobs.length === 0,
    };
  }
}

const shortestTimeout = (jobs: readonly LeasedJob[]): number =>
  jobs.reduce((shortest, { timeoutMs }) => Math.min(shortest, timeoutMs), Number.POSITIVE_INFINITY);

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

const NO_FAVOURED_LANE = { favouredLane: 0, share: 0 };

export const NOTHING_TAKEN: TakeResult = {
  settled: [],
  jobs: [],
  payloadSize: 0,
  deliveries: [],
  expiresAt: undefined,
  hasLeaseEnded: false,
  nextDueInMs: undefined,
  mayHaveMore: false,
};
