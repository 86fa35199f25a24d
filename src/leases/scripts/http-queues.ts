import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script.ts';

/** A queue that was worked on over HTTP is looked after for this long; longer than any lease lasts unrenewed. */
export const LOOK_AFTER_MS = 3_600_000;

/**
 * Notes that queues are worked on over HTTP, even where Redis is full: what they hold is to be finished. Those of
 * which that was noted long ago are dropped.
 *
 * KEYS: served. ARGV: ms for which a note counts, queues. Returns 1.
 */
export const httpQueuesScript = defineScript(
  'note-served',
  `
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now, ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
return 1
`,
);

export async function recordHttpQueues(
  redis: Connection,
  served: string,
  queues: readonly string[],
): Promise<void> {
  await httpQueuesScript.run(redis, [served], [LOOK_AFTER_MS, ...queues]);
}

/** At most `most` of the queues that are, or were lately, worked on over HTTP; `now`: wall time, Unix ms. */
export function readHttpQueues(
  redis: Connection,
  served: string,
  now: number,
  most: number,
): Promise<string[]> {
  return redis.zrange(served, now - LOOK_AFTER_MS, '+inf', 'BYSCORE', 'LIMIT', 0, most);
}
