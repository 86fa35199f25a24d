import { LIMITS_MESSAGE } from '../../lifecycle/limits/settings.ts';
import { wakeWorkers } from '../../lifecycle/scripts/lua.ts';
import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import type { QueueSettings } from '../../schemas/queue.ts';
import { limitChanges } from '../limits/limits.ts';

/**
 * Changes settings of a queue in one step, also while Redis is full, since a limit helps then. Workers look for jobs again
 * when one of the limits that they heed has another value.
 *
 * `changes`: pairs of a field of `settings` and its value, '' to remove it; those from `firstLimit` on are limits. Returns 1.
 */
export const configureScript = defineScript({
  name: 'configure',
  queueKeys: ['settings', 'leases', 'wake', 'control'],
  args: ['firstLimit', { list: 'changes' }],
  uses: [wakeWorkers],
  lua: `
local hasNewLimit = false
for i = 1, #changes, 2 do
  local before = redis.call('HGET', settings, changes[i]) or ''
  if before ~= changes[i + 1] and i >= tonumber(firstLimit) then hasNewLimit = true end
  if changes[i + 1] == '' then redis.call('HDEL', settings, changes[i])
  else redis.call('HSET', settings, changes[i], changes[i + 1]) end
end
if hasNewLimit then
  redis.call('XADD', control, 'MAXLEN', '~', 1000, '*', '${LIMITS_MESSAGE}', 'changed')
  -- A blocked reader may read only tokens. One more token is for HTTP workers, who wait without a lease.
  wakeWorkers(wake, redis.call('ZCARD', leases) + 1, 512)
end
return 1
`,
});

/** @throws {AppError} invalid-request for a rate out of bounds. */
export const checkSettings = (settings: QueueSettings): unknown => limitChanges(settings);

/** Changes the given settings; null takes a limit away. @throws {AppError} invalid-request for a rate out of bounds. */
export async function configure(redis: Connection, queue: QueueKeys, settings: QueueSettings): Promise<void> {
  const { maxJobs, submitEvents } = settings;
  const others = [
    ...(maxJobs === undefined ? [] : ['maxJobs', maxJobs ?? '']),
    ...(submitEvents === undefined ? [] : ['submitEvents', submitEvents ? 1 : '']),
  ];
  const changes = [...others, ...limitChanges(settings).flat()];
  if (changes.length === 0) return;
  await configureScript.run(redis, { queue }, { firstLimit: others.length + 1, changes });
}
