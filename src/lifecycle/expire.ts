import type { Connection } from '../redis/connection.ts';
import { parseRef } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { redisTime } from '../redis/server-time.ts';
import { cancelOrExpire } from './scripts/cancel.ts';

/** Jobs ended at a time. */
const STEP = 200;
/** Steps of one call for somebody who waits for it. */
const MOST_STEPS = 25;

/** Ends jobs that have lapsed, at most 5,000 of them, so that they do not count as waiting where no worker runs. */
export async function expireAll(redis: Connection, keys: QueueKeys, resultTtlMs: number): Promise<void> {
  for (let i = 0; i < MOST_STEPS; i += 1) if (!(await expireDue(redis, keys, resultTtlMs))) return;
}

/** Ends jobs that have lapsed as expired, at most 200 of them; true when there may be more. */
export async function expireDue(redis: Connection, keys: QueueKeys, resultTtlMs: number): Promise<boolean> {
  // Nothing may lapse early because our clock is ahead of that of Redis.
  const now = await redisTime(redis);
  const lapsed = await redis.zrange(keys.expiring, '-inf', String(now), 'BYSCORE', 'LIMIT', 0, STEP);
  await Promise.all(lapsed.map((ref) => cancelOrExpire(redis, keys, parseRef(ref), 'expired', resultTtlMs)));
  return lapsed.length === STEP;
}
