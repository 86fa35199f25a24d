import type { Core } from '../../core/core.ts';
import { parseJobId } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { LeaseConsumer } from '../lease-consumer.ts';
import type { Lease } from '../lease-token.ts';
import { type Item, type ItemOutcome, type ItemPlan, planItems } from './plan-items.ts';
import type { JobReport } from './reports.ts';

/** What is to be done in one queue of a lease. */
export interface QueuePlan extends ItemPlan {
  readonly keys: QueueKeys;
}

export interface QueuePlanParts {
  readonly core: Core;
  readonly lease: Lease;
  readonly consumer: LeaseConsumer;
  /** Most jobs to take. */
  readonly next: number;
}

/**
 * Plans the queues of a lease, in their order: those with reports, or all where jobs are to be taken, since that renews
 * the lease. Leaves out jobs of other queues, since the lease cannot hold them. Changes nothing.
 */
export function planQueues(
  { core, lease, consumer, next }: QueuePlanParts,
  reports: readonly JobReport[],
  outcomes: ItemOutcome[],
): Promise<QueuePlan[]> {
  const byQueue = itemsByQueue(reports);
  const queues = lease.queues.filter((queue) => byQueue.has(queue) || next > 0);
  return Promise.all(
    queues.map(async (queue) => {
      const keys = core.keySpace.queue(queue);
      const plan = await planItems(core, consumer, keys, byQueue.get(queue) ?? [], outcomes);
      return { ...plan, keys };
    }),
  );
}

/** Whether the lease is known to exist in one of its queues. With a single queue the script that takes checks it. */
export async function isLeaseActive(
  { lease, consumer, next }: QueuePlanParts,
  plans: readonly QueuePlan[],
): Promise<boolean> {
  if (plans.some(({ held }) => held > 0)) return true;
  if (next === 0 || lease.queues.length === 1) return false;
  return (await Promise.all(plans.map(({ keys }) => consumer.hasLease(keys)))).includes(true);
}

function itemsByQueue(reports: readonly JobReport[]): Map<string, Item[]> {
  const byQueue = new Map<string, Item[]>();
  reports.forEach((report, index) => {
    const parsed = parseJobId(report.id);
    if (parsed === undefined) return;
    const items = byQueue.get(parsed.queue) ?? [];
    items.push({ index, ref: parsed.ref, report });
    byQueue.set(parsed.queue, items);
  });
  return byQueue;
}
