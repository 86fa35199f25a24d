import type { Connection } from './connection.ts';

/** The clock of Redis, Unix ms: due times, leases and ages go by it. */
export async function redisTime(redis: Connection): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}
