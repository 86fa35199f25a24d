import { primariesOf } from './cluster/primaries.ts';
import type { Connection } from './connection.ts';

/**
 * The time of the Redis server, Unix ms. Due times, leases and ages follow that clock. In a Cluster it is that of the primary whose clock
 * is furthest behind: whatever happens later has a later time at each of them.
 */
export async function redisTime(redis: Connection): Promise<number> {
  const times = await Promise.all(primariesOf(redis).map(({ redis: primary }) => primary.time()));
  return Math.min(
    ...times.map(([seconds, micros]) => Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)),
  );
}
