import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import type { QueueSettings } from '../../schemas/queue.ts';

/**
 * Changes settings of a queue in one step, also while Redis is full: that is when a limit is wanted.
 *
 * `changes`: pairs of a field of `settings` and its value, '' to remove it. Returns 1.
 */
export const configureScript = defineScript({
  name: 'configure',
  queueKeys: ['settings'],
  args: [{ list: 'changes' }],
  lua: `
for i = 1, #changes, 2 do
  if changes[i + 1] == '' then redis.call('HDEL', settings, changes[i])
  else redis.call('HSET', settings, changes[i], changes[i + 1]) end
end
return 1
`,
});

/** Changes the given settings; null takes a limit away. */
export async function configure(
  redis: Connection,
  queue: QueueKeys,
  { maxJobs, submitEvents }: QueueSettings,
): Promise<void> {
  const changes = [
    ...(maxJobs === undefined ? [] : ['maxJobs', maxJobs ?? '']),
    ...(submitEvents === undefined ? [] : ['submitEvents', submitEvents ? 1 : '']),
  ];
  if (changes.length > 0) await configureScript.run(redis, { queue }, { changes });
}
