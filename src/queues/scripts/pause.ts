import { publishEvent, wakeWorkers } from '../../lifecycle/scripts/lua.ts';
import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';

/**
 * Pauses or resumes a queue and wakes every worker that may be blocked, since what a blocked reader watches depends on it.
 *
 * `isPaused`: 1 pauses, 0 resumes. Returns 1.
 */
export const pauseScript = defineScript({
  name: 'pause',
  queueKeys: ['settings', 'leases', 'wake', 'events'],
  args: ['isPaused'],
  uses: [now, wakeWorkers, publishEvent],
  lua: `
if isPaused == '1' then redis.call('HSET', settings, 'paused', now) else redis.call('HDEL', settings, 'paused') end
-- One more for those that wait over HTTP, who need no lease.
wakeWorkers(wake, redis.call('ZCARD', leases) + 1, 512)
publishEvent(events, isPaused == '1' and 'paused' or 'resumed', { '' }, settings)
return 1
`,
});

export async function setPaused(redis: Connection, queue: QueueKeys, paused: boolean): Promise<void> {
  await pauseScript.run(redis, { queue }, { isPaused: paused ? 1 : 0 });
}
