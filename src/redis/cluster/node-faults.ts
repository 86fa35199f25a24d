import type { Cluster } from 'ioredis';
import { type Endpoint, endpointText } from '../address/redis-url.ts';
import { toldAddress } from '../address/told-address.ts';
import { messageOf } from '../faults.ts';
import { endpointOf } from './primaries.ts';

/** What ioredis says of a connection that has ended, after it has told the cause. */
const END = /^(Connection is closed|timeout)/;

/** Tells why no node can be used, each time that a try has failed. The error with which ioredis ends one names no cause. */
export function tellNodeFaults(
  cluster: Cluster,
  named: readonly Endpoint[],
  onError: (error: Error) => void,
): void {
  const isNamed = new Set(named.map(endpointText));
  const faults = new Map<string, string>();
  cluster.on('node error', (error: Error, name: string) => {
    const message = messageOf(error);
    const node = endpointText(endpointOf(name));
    if (!faults.has(node) || !END.test(message))
      faults.set(node, message === 'timeout' ? 'no answer' : message.replace(/\.$/, ''));
  });
  cluster.on('ready', () => faults.clear());
  cluster.on('close', () => {
    const all = [...faults].map(
      ([node, message]) => `${isNamed.has(node) ? node : toldAddress(node, 'nodes')}: ${message}`,
    );
    faults.clear();
    if (all.length > 0) onError(new Error(`No node of the Cluster can be used (${all.sort().join('; ')})`));
  });
}
