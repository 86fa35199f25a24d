import type { Core } from '../core/core.ts';
import { parseRef, type Ref } from '../redis/entry.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { redisTime } from '../redis/server-time.ts';
import { cancelOrExpire } from './scripts/cancel.ts';

/** Jobs ended at a time. */
const STEP = 200;
/** Steps of one call for somebody who waits for it. */
const MOST_STEPS = 25;

/** Ends jobs that have lapsed, at most 5,000 of them, so that they do not count as waiting where no worker runs. */
export async function expireAll(core: Core, keys: QueueKeys): Promise<void> {
  for (let i = 0; i < MOST_STEPS; i += 1) if (!(await expireDue(core, keys))) return;
}

/** Ends jobs that have lapsed as expired, at most 200 of them; true when there may be more. */
export async function expireDue(core: Core, keys: QueueKeys): Promise<boolean> {
  // Nothing may lapse early because our clock is ahead of that of Redis.
  const now = await redisTime(core.redis);
  const lapsed = await core.redis.zrange(keys.expiring, '-inf', String(now), 'BYSCORE', 'LIMIT', 0, STEP);
  await expireJobs(core, keys, lapsed.map(parseRef));
  return lapsed.length === STEP;
}

/** Ends those of the jobs that no handler has begun on as expired. */
export async function expireJobs(
  { redis, settings, observe }: Core,
  keys: QueueKeys,
  refs: readonly Ref[],
): Promise<void> {
  const outcomes = await Promise.all(
    refs.map((ref) => cancelOrExpire(redis, keys, ref, 'expired', settings.resultTtlMs)),
  );
  const jobs = outcomes.filter((outcome) => outcome === 'withdrawn').length;
  if (jobs > 0) observe({ kind: 'jobs-expired', queue: keys.queue, jobs });
}
