import type { Connection } from '../connection.ts';
import type { QueueKeys } from '../keys.ts';
import { defineScript } from './script.ts';

/**
 * Sets the most jobs of a queue that have not ended, also while Redis is full: that is when a limit is wanted.
 *
 * KEYS: settings. ARGV: the limit, or '' for none.
 */
export const limitScript = defineScript(
  'limit',
  `
if ARGV[1] == '' then redis.call('HDEL', KEYS[1], 'maxJobs') else redis.call('HSET', KEYS[1], 'maxJobs', ARGV[1]) end
return 1
`,
);

export async function setMaxJobs(redis: Connection, keys: QueueKeys, maxJobs: number | null): Promise<void> {
  await limitScript.run(redis, [keys.settings], [maxJobs ?? '']);
}

export const isLimited = async (redis: Connection, keys: QueueKeys): Promise<boolean> =>
  (await redis.hexists(keys.settings, 'maxJobs')) === 1;
