import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';

/** Tasks of which a queue knows by their names alone; far more than a queue has. */
const MOST_TASKS = 1_000;

/**
 * Writes announcements where they still are as they were read: what a worker has announced meanwhile stands. No name
 * is added to a queue that has very many.
 *
 * KEYS: tasks. ARGV: most tasks, then per task: name, text as it was read or '' when there was none, new text or '' to
 *   drop it. Returns 1.
 */
export const announceScript = defineScript(
  'announce-task',
  `
local tasks, most = KEYS[1], tonumber(ARGV[1])
for i = 2, #ARGV, 3 do
  local name, read, text = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if (redis.call('HGET', tasks, name) or '') == read then
    if text == '' then
      redis.call('HDEL', tasks, name)
    elseif read ~= '' or redis.call('HLEN', tasks) < most then
      redis.call('HSET', tasks, name, text)
    end
  end
end
return 1
`,
);

export async function announceIfUnchanged(
  redis: Connection,
  keys: QueueKeys,
  tasks: readonly { name: string; read: string; text: string }[],
): Promise<void> {
  const args = tasks.flatMap(({ name, read, text }) => [name, read, text]);
  await announceScript.run(redis, [keys.tasks], [MOST_TASKS, ...args]);
}
