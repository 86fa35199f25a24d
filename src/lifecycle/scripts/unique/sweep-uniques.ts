import type { Connection } from '../../../redis/connection.ts';
import type { QueueKeys } from '../../../redis/keys.ts';
import { toPairs } from '../../../redis/pairs.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { FORGETTABLE, OPEN_JOB, POINTERS } from './places.ts';

/** Places of one call of the script, and bytes of entries that it reads: both bound the time for which it keeps Redis busy. */
const STEP = 100;
const STEP_BYTES = 1_048_576;

/** Forgets places that no job has. Returns how many it has looked at. */
export const sweepUniquesScript = defineScript({
  name: 'sweep-uniques',
  queueKeys: ['uniques'],
  fragments: [OPEN_JOB, POINTERS, FORGETTABLE],
  args: [{ list: 'digests' }],
  lua: `
for i = 1, #digests do
  if isForgettable(readPointer(digests[i])) then redis.call('HDEL', uniques, digests[i]) end
  if openBytes > ${STEP_BYTES} then return i end
end
return #digests
`,
});

/** One bounded step; a small hash is read as a whole. Returns the cursor of the next step; undefined at the end. */
export async function sweepUniques(
  redis: Connection,
  queue: QueueKeys,
  cursor: string,
): Promise<string | undefined> {
  const [next, fields] = await redis.hscan(queue.uniques, cursor, 'COUNT', STEP);
  const digests = toPairs(fields).map(([digest]) => digest);
  for (let done = 0; done < digests.length; ) {
    const step = { digests: digests.slice(done, done + STEP) };
    done += (await sweepUniquesScript.run(redis, { queue }, step)) as number;
  }
  return next === '0' ? undefined : next;
}
