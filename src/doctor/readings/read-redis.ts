import type { Clock } from '../../clock.ts';
import { isLoopback } from '../../config/access.ts';
import {
  type Endpoint,
  endpointText,
  hostsOf,
  parseRedisUrl,
  withoutSecrets,
} from '../../redis/address/redis-url.ts';
import type { RedisTarget } from '../../redis/address/target.ts';
import { toldAddress } from '../../redis/address/told-address.ts';
import { connectToServer } from '../../redis/connect.ts';
import { configurationsKey } from '../../redis/keys.ts';
import { primaryOf, readClusterMap } from './read-cluster.ts';
import { readSentinels } from './read-sentinels.ts';
import { readServer, type Silent } from './read-server.ts';
import type { RedisContact, RedisReadings, TopologyReadings } from './readings.ts';

/** A Redis, and the keys in it. */
export interface DoctorTarget extends RedisTarget {
  /** First part of every key. */
  readonly prefix: string;
}

/** Reads what Redis tells of itself, of a Cluster each primary. Never rejects; each part has its own deadline. */
export async function readRedis(target: DoctorTarget, clock: Clock): Promise<RedisContact> {
  const address = withoutSecrets(target.url);
  const url = parseRedisUrl(target.url);
  if (url?.topology === 'cluster') return readCluster(target, address, url.endpoints, clock);
  const [server, sentinels] = await Promise.all([
    readServer({ ...look(target), node: '', isLocal: isOnThisMachine(target.url), hasSettings: true }, clock),
    url?.topology === 'sentinel' ? readSentinels(url, target) : undefined,
  ]);
  const topology: TopologyReadings =
    sentinels === undefined ? { kind: 'single' } : { kind: 'sentinel', sentinels };
  return 'fault' in server
    ? { address, fault: server.fault }
    : { address, servers: [server], silent: [], topology };
}

async function readCluster(
  target: DoctorTarget,
  address: string,
  named: readonly Endpoint[],
  clock: Clock,
): Promise<RedisContact> {
  const map = await readClusterMap(named, target.natMap, (node, onError) => look(target, node).open(onError));
  if ('refused' in map) return { address, fault: map.refused };
  const settings = primaryOf(map.value, configurationsKey(target.prefix));
  const read = await Promise.all(
    map.value.primaries.map((primary) => {
      const { node, endpoint } = primary;
      const isLocal = isLoopback(endpoint.host);
      return readServer(
        { ...look(target, endpoint), node, isLocal, hasSettings: primary === settings },
        clock,
      );
    }),
  );
  const [first, ...others] = read.filter((one): one is RedisReadings => !('fault' in one));
  const silent = read.filter((one): one is Silent => 'fault' in one);
  if (first === undefined) return { address, fault: faultOf(silent, named) };
  const topology = { kind: 'cluster', info: map.value.info, named: named.length } as const;
  return { address, servers: [first, ...others], silent, topology };
}

/** Why none of the primaries can be used. */
function faultOf(silent: readonly Silent[], named: readonly Endpoint[]): string {
  const [one] = silent;
  if (one === undefined) return 'no node serves a slot';
  return named.map(endpointText).includes(one.node)
    ? one.fault
    : `${toldAddress(one.node, 'nodes')}: ${one.fault}`;
}

const look = (target: DoctorTarget, node?: Endpoint) => ({
  prefix: target.prefix,
  open: (onError: (error: Error) => void) =>
    connectToServer({ ...target, name: 'millrace-doctor', scripts: [], onError }, node),
});

export const isOnThisMachine = (url: string): boolean => hostsOf(url).every(isLoopback);
