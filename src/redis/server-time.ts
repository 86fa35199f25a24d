import { primariesOf, primaryOf } from './cluster/primaries.ts';
import type { Connection } from './connection.ts';

/** The time of the Redis server that keeps the key, Unix ms. Due times, leases and ages of a queue follow the clock of its server. */
export const timeAt = async (redis: Connection, key: string): Promise<number> =>
  toMs(await primaryOf(redis, key).time());

/**
 * The time of the Redis server, Unix ms. In a Cluster it is that of the primary whose clock is furthest behind: whatever happens later
 * has a later time at each of them. So all must answer. What is of one queue only asks `timeAt`.
 */
export async function redisTime(redis: Connection): Promise<number> {
  const times = await Promise.all(primariesOf(redis).map(({ redis: primary }) => primary.time()));
  return Math.min(...times.map(toMs));
}

const toMs = ([seconds, micros]: readonly (string | number)[]): number =>
  Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
