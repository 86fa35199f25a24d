import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';

/** The API looks after a queue for this long after work over HTTP; longer than any lease lasts unrenewed. */
export const LOOK_AFTER_MS = 3_600_000;

/**
 * Records that queues are worked on over HTTP, also while Redis is full: their jobs are to be finished. Queues recorded
 * more than `keptMs` ago are dropped. Returns 1.
 */
export const httpQueuesScript = defineScript({
  name: 'http-queues',
  keys: ['served'],
  args: ['keptMs', { list: 'queues' }],
  uses: [now],
  lua: `
for i = 1, #queues do redis.call('ZADD', served, now, queues[i]) end
redis.call('ZREMRANGEBYSCORE', served, '-inf', now - keptMs)
return 1
`,
});

export async function recordHttpQueues(
  redis: Connection,
  served: string,
  queues: readonly string[],
): Promise<void> {
  await httpQueuesScript.run(redis, { served }, { keptMs: LOOK_AFTER_MS, queues });
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
