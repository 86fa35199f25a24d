import { extendLease } from '../../src/lifecycle/scripts/extend-lease.ts';
import type { Connection } from '../../src/redis/connection.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { Supervisor } from './supervisor.ts';

/** Renews the leases of all processes, from outside their event loops, three times in the life of a lease. */
export function renewPass(
  redis: Connection,
  queues: readonly QueueKeys[],
  supervisor: Supervisor,
  leaseMs: number,
  onLost: (consumer: string, queue: string, at: number) => void,
): () => Promise<number> {
  return async () => {
    for (const keys of queues) {
      // Asked for each queue: one that has ended meanwhile has given its lease up.
      const consumers = supervisor.livingConsumers();
      if (consumers.length === 0) break;
      const { now, lost } = await extendLease(redis, keys, 'renew', consumers, leaseMs);
      for (const consumer of lost) onLost(consumer, keys.queue, now);
    }
    for (const consumer of supervisor.livingConsumers()) supervisor.tell(consumer, { type: 'renewed' });
    return leaseMs / 3;
  };
}
