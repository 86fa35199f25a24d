import type { Connection } from '../connection.ts';
import type { QueueKeys } from '../keys.ts';
import { defineScript } from './script.ts';

/**
 * Writes announcements where they still are as they were read: what a worker has announced meanwhile stands.
 *
 * KEYS: tasks. ARGV: per task: name, text as it was read or '' when there was none, new text. Returns 1.
 */
export const announceScript = defineScript(
  'announce-task',
  `
for i = 1, #ARGV, 3 do
  if (redis.call('HGET', KEYS[1], ARGV[i]) or '') == ARGV[i + 1] then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2]) end
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
  await announceScript.run(redis, [keys.tasks], args);
}
