import { Cluster, type ClusterOptions, type Redis, type RedisOptions } from 'ioredis';
import { type NatMap, reachedAt } from '../address/nat-map.ts';
import type { Endpoint, RedisUrl } from '../address/redis-url.ts';
import { completeSlots } from './complete-slots.ts';
import { endpointOf, nodeOf } from './primaries.ts';
import { NO_NAME } from './told-host.ts';

type ClusterUrl = RedisUrl & { topology: 'cluster' };
/** Replies keep the shapes that ioredis gives by default. */
export type NodeOptions = Omit<NonNullable<ClusterOptions['redisOptions']>, 'replyMapping' | 'scripts'> &
  Pick<ClusterOptions, 'scripts'>;

/** The wait before the nodes are asked again while none answers, ms. */
const RETRY_MS = 500;
/** The wait before a command is sent again that a node has not run, ms: 16 times in all, so that a request is answered within a second. */
const AGAIN_MS = 50;
/** Nodes are asked as often for the slots that they serve, ms. A node that is asked for a foreign slot tells at once, too. */
const REFRESH_MS = 5_000;

/**
 * A connection to the primaries of a Cluster. A command goes to the node that serves the slot of its keys. One that no node has run
 * (MOVED, ASK, TRYAGAIN, CLUSTERDOWN) is sent again; any other is not.
 *
 * @param options of the connection to each node.
 */
export function connectCluster(
  url: ClusterUrl,
  natMap: NatMap | undefined,
  { scripts = {}, ...options }: NodeOptions,
): Cluster {
  // A node with `unknown-endpoint` tells no host with MOVED: all are at the one that was asked.
  const asked = url.endpoints[0]?.host ?? '';
  // ioredis reads this list each time it connects to the Cluster.
  const first: Endpoint[] = [...url.endpoints];
  let known: readonly Endpoint[] = [];
  const cluster = new ReadyCluster(first, {
    scripts,
    redisOptions: { ...options, ...accessOptions(url, options.tls) },
    // In turn: the nodes of the URL may have been replaced since the start, and so may those that were known last.
    clusterRetryStrategy: (attempt) => {
      const isKnownsTurn = attempt % 2 === 0 && known.length > 0;
      first.splice(0, first.length, ...(isKnownsTurn ? known : url.endpoints));
      return RETRY_MS;
    },
    slotsRefreshTimeout: 1_000,
    slotsRefreshInterval: REFRESH_MS,
    // The node may have run a write whose reply was lost.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: AGAIN_MS,
    retryDelayOnTryAgain: AGAIN_MS,
    // Replicas answer late: a job would be unknown after its 202.
    scaleReads: 'master',
    // Certificates are for host names, so these are not resolved here.
    dnsLookup: (address, callback) => callback(null, address),
    natMap: (told: string) => {
      const { host, port } = endpointOf(told);
      return { ...reachedAt(natMap, { host: host === NO_NAME ? asked : host || asked, port }) };
    },
  });
  cluster.on('refresh', () => {
    known = cluster.nodes().map((node) => endpointOf(nodeOf(node)));
  });
  cluster.on('+node', (node: Redis) =>
    completeSlots(node, (error) => cluster.emit('node error', error, nodeOf(node))),
  );
  return cluster;
}

/**
 * Refuses commands while no node is known. ioredis would keep them without end, or else refuse those to a node whose connection
 * is just being opened, too.
 */
class ReadyCluster extends Cluster {
  override sendCommand(...[command, stream, node]: Parameters<Cluster['sendCommand']>): unknown {
    if (this.status === 'ready' || command.name === 'cluster')
      return super.sendCommand(command, stream, node);
    command.reject(new Error("Cluster isn't ready: none of its nodes answers."));
    return command.promise;
  }
}

/** User, password and TLS of the URL, for each node. */
export const accessOptions = ({ isTls, user, password }: ClusterUrl, tls: RedisOptions['tls']) => ({
  ...(user !== '' && { username: user }),
  ...(password !== '' && { password }),
  ...(isTls && { tls: tls ?? {} }),
});
