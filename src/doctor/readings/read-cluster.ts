import type { NatMap } from '../../redis/address/nat-map.ts';
import { reachedAt } from '../../redis/address/nat-map.ts';
import { type Endpoint, endpointText } from '../../redis/address/redis-url.ts';
import { slotOf } from '../../redis/cluster/slots.ts';
import { type ToldNode, toldHost } from '../../redis/cluster/told-host.ts';
import { whenReady } from '../../redis/connect.ts';
import type { ServerConnection } from '../../redis/connection.ts';
import { parseInfo } from '../../redis/server/info.ts';
import { type Reading, readWithin } from './reading.ts';

const CONNECT_MS = 2_000;
const COMMAND_MS = 2_000;

/** A primary, as nodes tell it. */
export interface ClusterPrimary {
  readonly node: string;
  readonly endpoint: Endpoint;
  /** First and last slots that it serves. */
  readonly slots: readonly (readonly [first: number, last: number])[];
}

/** What a node says of its Cluster. */
export interface ClusterMap {
  /** Members of CLUSTER INFO. */
  readonly info: ReadonlyMap<string, string>;
  readonly primaries: readonly ClusterPrimary[];
}

/**
 * Asks the nodes one after the other, until one tells the map.
 *
 * @param open opens a connection to a node.
 */
export async function readClusterMap(
  nodes: readonly Endpoint[],
  natMap: NatMap | undefined,
  open: (node: Endpoint, onError: (error: Error) => void) => ServerConnection,
): Promise<Reading<ClusterMap>> {
  let refused = 'no answer';
  for (const node of nodes) {
    const redis = open(node, (error) => {
      refused = error.message;
    });
    try {
      if (!(await whenReady(redis, CONNECT_MS))) continue;
      const map = await readWithin(COMMAND_MS, () => askNode(redis, node, natMap));
      if ('value' in map) return map;
      refused = map.refused;
    } finally {
      redis.disconnect();
    }
  }
  return { refused };
}

/** Rows of CLUSTER SLOTS: a range of slots, its primary, and replicas. */
type SlotRow = [first: number, last: number, primary: ToldNode];

async function askNode(
  redis: ServerConnection,
  asked: Endpoint,
  natMap: NatMap | undefined,
): Promise<ClusterMap> {
  const [info, rows] = await Promise.all([redis.call('CLUSTER', 'INFO'), redis.call('CLUSTER', 'SLOTS')]);
  const primaries = new Map<string, ClusterPrimary>();
  for (const [first, last, primary] of rows as SlotRow[]) {
    const told = { host: toldHost(primary, asked.host), port: Number(primary[1]) };
    const endpoint = reachedAt(natMap, told);
    const node = endpointText(endpoint);
    const slots = primaries.get(node)?.slots ?? [];
    primaries.set(node, { node, endpoint, slots: [...slots, [Number(first), Number(last)]] });
  }
  return { info: parseInfo(String(info)), primaries: [...primaries.values()] };
}

/** The primary that serves the key. */
export const primaryOf = ({ primaries }: ClusterMap, key: string): ClusterPrimary | undefined =>
  primaries.find(({ slots }) => slots.some(([first, last]) => slotOf(key) >= first && slotOf(key) <= last));
