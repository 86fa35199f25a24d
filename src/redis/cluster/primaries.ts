import type { Redis } from 'ioredis';
import type { Endpoint } from '../address/redis-url.ts';
import type { Connection } from '../connection.ts';
import type { QueueKeys } from '../keys.ts';
import { isCluster, slotOf } from './slots.ts';

/** A server with data of its own. */
export interface Primary {
  /** `host:port` in a Cluster, '' for the only one. */
  readonly node: string;
  readonly redis: Redis;
}

const SLOTS = 16_384;

/** The servers that keep the data. @throws {Error} when a Cluster has slots that no server serves. */
export function primariesOf(redis: Connection): Primary[] {
  if (!isCluster(redis)) return [{ node: '', redis }];
  const serving = new Set(redis.slots.map((nodes) => nodes?.[0]));
  const known = redis.nodes('master').map((one) => ({ node: nodeOf(one), redis: one }));
  const primaries = known.filter(({ node }) => serving.has(node));
  if (redis.slots.length < SLOTS || serving.has(undefined) || primaries.length < serving.size) {
    throw new Error("Cluster isn't ready: some slots have no node that serves them.");
  }
  return primaries;
}

/** How the slots of a Cluster name a node. */
export const nodeOf = ({ options }: Redis): string => `${options.host}:${options.port}`;

/** The address in such a name. An IPv6 host has no brackets there; the host is '' if a node tells none. */
export function endpointOf(name: string): Endpoint {
  const colon = name.lastIndexOf(':');
  return { host: name.slice(0, colon), port: Number(name.slice(colon + 1)) };
}

/** The server that keeps the key. @throws {Error} when no node serves its slot, or none is known yet. */
export function primaryOf(redis: Connection, key: string): Redis {
  if (!isCluster(redis)) return redis;
  const name = redis.slots[slotOf(key)]?.[0];
  const found = redis.nodes('master').find((one) => nodeOf(one) === name);
  if (found !== undefined) return found;
  redis.refreshSlotsCache();
  throw new Error("Cluster isn't ready: no node serves a slot.");
}

/**
 * Tells the name of the primary that serves the keys of a queue now, '' where no node does. Undefined where one server keeps all.
 */
export function primaryNamer(redis: Connection): ((keys: QueueKeys) => string) | undefined {
  if (!isCluster(redis)) return undefined;
  const slots = new WeakMap<QueueKeys, number>();
  return (keys) => {
    const slot = slots.get(keys) ?? slotOf(keys.leases);
    slots.set(keys, slot);
    return redis.slots[slot]?.[0] ?? '';
  };
}

/** A key that the primary serves: the given one, in a Cluster with a hash tag behind it. */
export function keyOn(redis: Connection, { node }: Primary, key: string): string {
  if (!isCluster(redis)) return key;
  for (let i = 0; i < SLOTS * 8; i += 1) {
    const tagged = `${key}{${i}}`;
    if (redis.slots[slotOf(tagged)]?.[0] === node) return tagged;
  }
  throw new Error(`Cluster isn't ready: ${node} serves no slot.`);
}
