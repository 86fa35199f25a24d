import type { Core } from '../../core/core.ts';
import { LeaseConsumer } from '../lease-consumer.ts';
import type { Lease } from '../lease-token.ts';
import { type Visit, visitsByDigest } from './queue-shares.ts';
import { TakenJobs } from './taken-jobs.ts';
import { isDrained, type TakeRequest, type Taker } from './taker.ts';

/** Which jobs a request takes. */
export interface TakeOptions {
  /** Most jobs to take. */
  readonly max: number;
  /** Tasks that the worker has; undefined stands for all. */
  readonly tasks: readonly string[] | undefined;
  /** See `SettleAndTakeRequest`. */
  readonly requestDigest?: string | undefined;
  /** See `SettleAndTakeRequest`. */
  readonly isDraining?: boolean | undefined;
}

/** Takes jobs under a lease from its queues until there are `max`: in their order, but each keeps a share. Waits for none. */
export async function takeFromQueues(
  core: Core,
  taker: Taker,
  lease: Lease,
  { max, tasks, requestDigest, isDraining }: TakeOptions,
  queues: readonly string[] = lease.queues,
): Promise<TakenJobs> {
  const consumer = new LeaseConsumer(lease.consumer, core.redis);
  const taken = new TakenJobs(consumer);
  const request = {
    consumer,
    leaseMs: lease.leaseMs,
    tasks: tasks && new Set(tasks),
    requestDigest,
    isDraining,
    highestToken: 0,
    // Taking creates the lease.
    isLeaseActive: true,
    completions: [],
    latency: NO_LATENCIES,
  };
  const shares = taker.queueShares;
  const visits =
    requestDigest === undefined ? shares.plan(queues) : visitsByDigest(queues.length, max, requestDigest);
  try {
    await takeVisits(core, taker, taken, queues, visits, { ...request, max });
    if (requestDigest === undefined) shares.taken(queues, taken.jobs.length, max);
    return taken;
  } catch (error) {
    // The caller never learns of this lease: its jobs would stay locked until it expires.
    void taken.release().catch(() => undefined);
    throw error;
  }
}

async function takeVisits(
  core: Core,
  taker: Taker,
  taken: TakenJobs,
  queues: readonly string[],
  visits: readonly Visit[],
  { max, ...request }: Omit<TakeRequest, 'keys' | 'count' | 'byteBudget'> & { readonly max: number },
): Promise<void> {
  /** Its share was larger than what it had. */
  let drained: number | undefined;
  for (const { index, most, isAgain } of visits) {
    const count = Math.min(most, max - taken.jobs.length);
    const { byteBudget } = taken;
    if (count < 1 || byteBudget <= 0) break;
    if (index === drained) continue;
    const keys = core.keySpace.queue(queues[index] ?? '');
    const result = await taker.take({ ...request, keys, count, byteBudget, isAgain });
    taken.add(keys, result);
    if (isDrained(result, count)) drained = index;
  }
}

const NO_LATENCIES: ReadonlyMap<string, number> = new Map();
