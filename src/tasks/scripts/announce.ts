import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';

/** Tasks of one queue; far more than a queue has. */
const MOST_TASKS = 1_000;

/**
 * Writes announcements that are still as they were read: what a worker has announced since then stays. A queue with very
 * many names gets no new ones.
 *
 * `read`: the text as it was read, '' for none; `text`: the new one, '' to delete it. Returns 1.
 */
export const announceTaskScript = defineScript({
  name: 'announce-task',
  queueKeys: ['tasks'],
  args: ['maxTasks', { records: 'changes', of: ['name', 'read', 'text'] }],
  lua: `
for i = 1, #changes do
  local name, read, text = changes[i].name, changes[i].read, changes[i].text
  if (redis.call('HGET', tasks, name) or '') == read then
    if text == '' then
      redis.call('HDEL', tasks, name)
    elseif read ~= '' or redis.call('HLEN', tasks) < tonumber(maxTasks) then
      redis.call('HSET', tasks, name, text)
    end
  end
end
return 1
`,
});

export async function announceIfUnchanged(
  redis: Connection,
  queue: QueueKeys,
  changes: readonly { name: string; read: string; text: string }[],
): Promise<void> {
  await announceTaskScript.run(redis, { queue }, { maxTasks: MOST_TASKS, changes });
}
