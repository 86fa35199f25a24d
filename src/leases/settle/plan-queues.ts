import type { Core } from '../../core/core.ts';
import { parseJobId } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { LeaseConsumer } from '../lease-consumer.ts';
import type { Lease } from '../lease-token.ts';
import { type Item, type ItemOutcome, type PlannedItems, planItems } from './plan-items.ts';

/** What a worker says of one job. */
export type JobReport = Omit<Item, 'ref'>;

/** An item, and its place among all that were sent. */
interface Ranked {
  rank: number;
  item: Item;
}

/** A queue of a lease in which there is something to do. */
export interface QueuePlan {
  keys: QueueKeys;
  ranked: readonly Ranked[];
  planned: PlannedItems;
}

export interface QueuePlanParts {
  readonly core: Core;
  readonly lease: Lease;
  readonly consumer: LeaseConsumer;
  /** Most jobs to take. */
  readonly next: number;
}

/**
 * What is to be done in each queue, in the order of the lease: in all of them where jobs are asked for, since the lease is
 * renewed. Changes nothing; the outcomes of what can be no job of the lease are set.
 */
export function planQueues(
  { core, lease, consumer, next }: QueuePlanParts,
  statements: readonly JobReport[],
  outcomes: ItemOutcome[],
): Promise<QueuePlan[]> {
  const byQueue = sort(lease, statements, outcomes);
  const queues = lease.queues.filter((queue) => byQueue.has(queue) || next > 0);
  return Promise.all(
    queues.map(async (queue) => {
      const keys = core.keySpace.queue(queue);
      const ranked = byQueue.get(queue) ?? [];
      const items = ranked.map(({ item }) => item);
      return { keys, ranked, planned: await planItems(core, consumer, keys, items) };
    }),
  );
}

/** Whether the lease has not ended; false for one of a single queue, where the script that takes looks by itself. */
export async function isAliveSomewhere(
  { lease, consumer, next }: QueuePlanParts,
  visits: readonly QueuePlan[],
): Promise<boolean> {
  if (visits.some(({ planned }) => planned.held > 0)) return true;
  if (next === 0 || lease.queues.length === 1) return false;
  return (await Promise.all(visits.map(({ keys }) => consumer.hasLease(keys)))).includes(true);
}

/** Items by queue; of what is in none of the lease's queues Redis is not asked. */
function sort(
  { queues }: Lease,
  statements: readonly JobReport[],
  outcomes: ItemOutcome[],
): Map<string, Ranked[]> {
  const byQueue = new Map<string, Ranked[]>();
  statements.forEach((statement, rank) => {
    const parsed = parseJobId(statement.id);
    if (parsed === undefined || !queues.includes(parsed.queue)) {
      outcomes[rank] = { id: statement.id, ok: false, error: 'stale' };
      return;
    }
    const ranked = byQueue.get(parsed.queue) ?? [];
    ranked.push({ rank, item: { ...statement, ref: parsed.ref } });
    byQueue.set(parsed.queue, ranked);
  });
  return byQueue;
}
