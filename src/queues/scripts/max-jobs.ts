import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';

/** Sets the most open jobs of a queue, '' for no limit, also while Redis is full: that is when a limit is wanted. Returns 1. */
export const maxJobsScript = defineScript({
  name: 'max-jobs',
  queueKeys: ['settings'],
  args: ['maxJobs'],
  lua: `
if maxJobs == '' then redis.call('HDEL', settings, 'maxJobs') else redis.call('HSET', settings, 'maxJobs', maxJobs) end
return 1
`,
});

export async function setMaxJobs(redis: Connection, queue: QueueKeys, maxJobs: number | null): Promise<void> {
  await maxJobsScript.run(redis, { queue }, { maxJobs: maxJobs ?? '' });
}
