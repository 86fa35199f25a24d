import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';

/**
 * Sets the most jobs of a queue that have not ended, also while Redis is full: that is when a limit is wanted.
 *
 * KEYS: settings. ARGV: the limit, or '' for none.
 */
export const maxJobsScript = defineScript(
  'limit',
  `
if ARGV[1] == '' then redis.call('HDEL', KEYS[1], 'maxJobs') else redis.call('HSET', KEYS[1], 'maxJobs', ARGV[1]) end
return 1
`,
);

export async function setMaxJobs(redis: Connection, keys: QueueKeys, maxJobs: number | null): Promise<void> {
  await maxJobsScript.run(redis, [keys.settings], [maxJobs ?? '']);
}
