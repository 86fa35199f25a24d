import type { Core } from '../../core/core.ts';
import { LeaseConsumer } from '../lease-consumer.ts';
import type { Lease } from '../lease-token.ts';
import { TakenJobs } from './taken-jobs.ts';
import type { Taker } from './taker.ts';

/** Which jobs a request takes. */
export interface TakeOptions {
  /** Most jobs to take. */
  readonly max: number;
  /** Tasks that the worker has; undefined stands for all. */
  readonly tasks: readonly string[] | undefined;
  /** See `SettleAndTakeRequest`. */
  readonly requestDigest?: string | undefined;
}

/** Takes jobs under a lease from its queues, in their order, until there are `max`. Waits for none. */
export async function takeFromQueues(
  core: Core,
  taker: Taker,
  lease: Lease,
  { max, tasks, requestDigest }: TakeOptions,
  queues: readonly string[] = lease.queues,
): Promise<TakenJobs> {
  const consumer = new LeaseConsumer(lease.consumer, core.redis);
  const taken = new TakenJobs(consumer);
  const request = {
    consumer,
    leaseMs: lease.leaseMs,
    tasks: tasks && new Set(tasks),
    requestDigest,
    highestToken: 0,
    // Taking creates the lease.
    isLeaseActive: true,
    completions: [],
    latency: NO_LATENCIES,
  };
  try {
    for (const queue of queues) {
      const count = max - taken.jobs.length;
      const { byteBudget } = taken;
      if (count < 1 || byteBudget <= 0) break;
      const keys = core.keySpace.queue(queue);
      taken.add(keys, await taker.take({ ...request, keys, count, byteBudget }));
    }
    return taken;
  } catch (error) {
    // The caller never learns of this lease: its jobs would stay locked until it expires.
    void taken.release().catch(() => undefined);
    throw error;
  }
}

const NO_LATENCIES: ReadonlyMap<string, number> = new Map();
