import type { Connection } from './connection.ts';
import type { QueueKeys } from './keys.ts';

/** Field of the settings hash: most jobs that have not ended; the submit script obeys it. */
const MAX_JOBS = 'maxJobs';

/** Sets the most jobs that a queue may hold, null for no limit. */
export async function setMaxJobs(redis: Connection, keys: QueueKeys, maxJobs: number | null): Promise<void> {
  if (maxJobs === null) await redis.hdel(keys.settings, MAX_JOBS);
  else await redis.hset(keys.settings, MAX_JOBS, maxJobs);
}

export const isLimited = async (redis: Connection, keys: QueueKeys): Promise<boolean> =>
  (await redis.hexists(keys.settings, MAX_JOBS)) === 1;
