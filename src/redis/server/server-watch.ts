import type { Redis } from 'ioredis';
import { nodeOf } from '../cluster/primaries.ts';
import { isCluster } from '../cluster/slots.ts';
import type { Connection } from '../connection.ts';

/**
 * Tells when a server may be another one, or may have lost what it had confirmed. For one server: its connection was made again. In a
 * Cluster: a connection to a node has ended, or the nodes were asked for their slots.
 *
 * @param listener gets the name of the server that was away, `host:port` in a Cluster, '' for the only one; nothing after new slots.
 */
export function watchServers(redis: Connection, listener: (gone?: string) => void): void {
  if (isCluster(redis)) {
    // Connections that end with the client itself are no news.
    const tell = (gone?: string) => {
      if (redis.status === 'ready') listener(gone);
    };
    redis.on('refresh', () => tell());
    redis.on('-node', (node: Redis) => tell(nodeOf(node)));
    return;
  }
  let hasBeenReady = redis.status === 'ready';
  redis.on('ready', () => {
    if (hasBeenReady) listener('');
    hasBeenReady = true;
  });
}
