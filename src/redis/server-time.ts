import type { Connection } from './connection.ts';

/** The time of the Redis server, Unix ms. Due times, leases and ages follow that clock. */
export async function redisTime(redis: Connection): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}
