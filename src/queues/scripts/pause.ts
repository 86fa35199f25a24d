import { publishEvent, wakeWorkers } from '../../lifecycle/scripts/lua.ts';
import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';

/**
 * Pauses or resumes a queue and wakes every worker that may be blocked, since what a blocked reader watches depends on it.
 *
 * `isPaused`: 1 pauses, 0 resumes. `untilMs`: when the pause ends by itself, Unix ms, or `forMs` from now; '' for neither.
 * Returns 1, or 0 for a time that has passed: nothing is changed then.
 */
export const pauseScript = defineScript({
  name: 'pause',
  queueKeys: ['settings', 'leases', 'wake', 'events'],
  args: ['isPaused', 'untilMs', 'forMs'],
  uses: [now, wakeWorkers, publishEvent],
  lua: `
local ends = tonumber(untilMs) or forMs ~= '' and now + forMs
if ends and ends <= now then return 0 end
-- One text for both times: an earlier release, which knows no end, replaces and removes them together.
if isPaused == '0' then redis.call('HDEL', settings, 'paused')
elseif ends then redis.call('HSET', settings, 'paused', string.format('%.0f %.0f', now, ends))
else redis.call('HSET', settings, 'paused', now) end
-- One more for those that wait over HTTP, who need no lease.
wakeWorkers(wake, redis.call('ZCARD', leases) + 1, 512)
publishEvent(events, isPaused == '1' and 'paused' or 'resumed', { '' }, settings)
return 1
`,
});

/** When a pause ends by itself: at a time, Unix ms, or that long after its start. */
export interface PauseEnd {
  untilMs?: number | undefined;
  forMs?: number | undefined;
}

/** False when the time of the end has passed by the clock of Redis; the queue stays as it was. */
export async function setPaused(
  redis: Connection,
  queue: QueueKeys,
  paused: boolean,
  { untilMs, forMs }: PauseEnd = {},
): Promise<boolean> {
  const args = { isPaused: paused ? 1 : 0, untilMs: untilMs ?? '', forMs: forMs ?? '' };
  return (await pauseScript.run(redis, { queue }, args)) === 1;
}
