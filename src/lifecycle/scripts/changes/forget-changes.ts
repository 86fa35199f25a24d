import type { Connection } from '../../../redis/connection.ts';
import { parseRef } from '../../../redis/job-id.ts';
import type { QueueKeys } from '../../../redis/keys.ts';
import { toPairs } from '../../../redis/pairs.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { FIRST } from '../lua.ts';

/** Changed jobs of one call of the script. */
const STEP = 100;

/**
 * Forgets which entries changed jobs have, once they have neither an entry nor a result. Without any changed job, scripts need not
 * look for them again.
 *
 * `results`: the result keys of the jobs. Returns how many were forgotten.
 */
export const forgetChangesScript = defineScript({
  name: 'forget-changes',
  queueKeys: ['changed', 'settings', 'stream'],
  keys: [{ list: 'results' }],
  args: [{ records: 'jobs', of: ['firstRef', 'present', 'id'] }],
  lua: `
local forgotten = 0
for i = 1, #jobs do
  local id = jobs[i].id
  local isKept = #redis.call('XRANGE', stream[5], id, id) > 0 or redis.call('EXISTS', results[i]) == 1
  if not isKept and redis.call('HGET', changed, jobs[i].firstRef) == jobs[i].present then
    redis.call('HDEL', changed, jobs[i].firstRef, '${FIRST}' .. jobs[i].present)
    forgotten = forgotten + 1
  end
end
if redis.call('EXISTS', changed) == 0 then redis.call('HDEL', settings, 'changed') end
return forgotten
`,
});

/** One bounded step; a small hash is read as a whole. Returns the cursor of the next step; undefined at the end. */
export async function forgetChanges(
  redis: Connection,
  queue: QueueKeys,
  cursor: string,
): Promise<string | undefined> {
  const [next, fields] = await redis.hscan(queue.changed, cursor, 'COUNT', STEP);
  const jobs = toPairs(fields)
    .filter(([field]) => !field.startsWith(FIRST))
    .map(([firstRef, present]) => ({ firstRef, present, id: parseRef(present).entryId }));
  for (let start = 0; start < jobs.length; start += STEP) {
    const step = jobs.slice(start, start + STEP);
    const results = step.map(({ present }) => queue.result(present));
    await forgetChangesScript.run(redis, { queue, results }, { jobs: step });
  }
  return next === '0' ? undefined : next;
}
