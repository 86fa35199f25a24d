import { Cluster } from 'ioredis';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import type { QueueKeys } from '../../../src/redis/keys.ts';

/** A Cluster that is never connected, and knows only which primary serves each of the queues. */
export function clusterOf(queues: readonly (readonly [keys: QueueKeys, primary: string])[]): Cluster {
  const cluster = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true });
  for (const [keys, primary] of queues) cluster.slots[slotOf(keys.leases)] = [primary];
  return cluster;
}
