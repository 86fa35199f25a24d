import type { Delivery } from '../../src/lifecycle/consumer.ts';
import type { Observer } from '../../src/observer.ts';

/** Reports how many jobs of each queue one call took. */
export function observeTaken(observe: Observer, lease: string, deliveries: readonly Delivery[]): void {
  if (deliveries.length === 0 || !observe.wants('jobs-taken')) return;
  const jobsOf = new Map<string, number>();
  for (const { keys } of deliveries) jobsOf.set(keys.queue, (jobsOf.get(keys.queue) ?? 0) + 1);
  for (const [queue, jobs] of jobsOf) observe({ kind: 'jobs-taken', queue, lease, jobs });
}
