import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';

/**
 * Pauses or resumes a queue and wakes every worker that may be blocked, since what a blocked reader
 * watches depends on it.
 *
 * KEYS: settings, leases, wake, events. ARGV: 1 pauses, 0 resumes.
 */
export const pauseScript = defineScript(
  'pause',
  `
local settings, leases, wake, events = unpack(KEYS)
if ARGV[1] == '1' then redis.call('HSET', settings, 'paused', now) else redis.call('HDEL', settings, 'paused') end
-- One for those that wait over HTTP, who need no lease.
nudge(wake, redis.call('ZCARD', leases) + 1)
announce(events, ARGV[1] == '1' and 'paused' or 'resumed', { '' }, settings)
return 1
`,
);

export async function setPaused(redis: Connection, keys: QueueKeys, paused: boolean): Promise<void> {
  await pauseScript.run(redis, [keys.settings, keys.leases, keys.wake, keys.events], [paused ? 1 : 0]);
}
