import type { Connection } from '../../redis/connection.ts';
import { fixedKeys, type QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { lastId, now } from '../../redis/script/lua.ts';

export type Removal =
  | 'removed'
  /** It has jobs that have not ended, failed ones, or schedules. */
  | 'not-empty'
  /** A stream has an entry of this millisecond: a new stream could give the same id again. */
  | 'too-soon'
  /** It has other subscriptions than those that the caller names. */
  | 'changed';

/** How long the ids of changed jobs still lead to their results. */
const KEPT_CHANGES_MS = 86_400_000;

/**
 * Deletes everything of a queue without jobs and schedules. Results and Idempotency-Keys stay, and end by their time; so do
 * the leases and tasks of workers that live, which would register them again at once.
 *
 * `parts`: all keys to delete, also those of `subscribed`, its subscriptions; without leases and tasks. Returns `Removal`.
 */
export const removeQueueScript = defineScript({
  name: 'remove-queue',
  queueKeys: [
    'stream',
    'scheduleStates',
    'subscriptions',
    'events',
    'control',
    'wake',
    'leases',
    'tasks',
    'changed',
  ],
  keys: [{ list: 'parts' }],
  args: [{ list: 'subscribed' }],
  uses: [now, lastId],
  lua: `
if redis.call('HLEN', scheduleStates) > 0 then return 'not-empty' end
for place = 1, 5 do
  if redis.call('XLEN', stream[place]) > 0 then return 'not-empty' end
end
for _, key in ipairs({ stream[1], stream[2], stream[3], stream[4], stream[5], events, control, wake }) do
  if redis.call('EXISTS', key) == 1 and tonumber(string.match(lastId(key), '^%d+')) >= now then return 'too-soon' end
end
if redis.call('HLEN', subscriptions) ~= #subscribed then return 'changed' end
for i = 1, #subscribed do
  if redis.call('HEXISTS', subscriptions, subscribed[i]) == 0 then return 'changed' end
end

-- Results stay that are found by it.
redis.call('PEXPIRE', changed, ${KEPT_CHANGES_MS})
for i = 1, #parts do redis.call('UNLINK', parts[i]) end
if redis.call('ZCOUNT', leases, '(' .. now, '+inf') == 0 then redis.call('UNLINK', leases, tasks) end
return 'removed'
`,
});

/** @param histograms keys of the histograms that may be there. @param subscribed names of the queue's subscriptions. */
export async function removeQueue(
  redis: Connection,
  queue: QueueKeys,
  histograms: readonly string[],
  subscribed: readonly string[],
): Promise<Removal> {
  const kept = [queue.leases, queue.tasks, queue.changed];
  const parts = [
    ...fixedKeys(queue).filter((key) => !kept.includes(key)),
    ...histograms,
    ...subscribed.map((name) => queue.subscription(name)),
  ];
  return (await removeQueueScript.run(redis, { queue, parts }, { subscribed })) as Removal;
}
