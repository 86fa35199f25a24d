import type { Connection } from '../../../redis/connection.ts';
import type { QueueKeys } from '../../../redis/keys.ts';
import { toPairs } from '../../../redis/pairs.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { now } from '../../../redis/script/lua.ts';
import { PLACES_OF_JOBS } from './places.ts';

/** Places of one call of the script: the entry of each job is read. */
const STEP = 20;

/** Forgets places that no job has. Returns how many. */
export const sweepUniquesScript = defineScript({
  name: 'sweep-uniques',
  queueKeys: ['uniques'],
  fragments: [PLACES_OF_JOBS],
  args: [{ list: 'digests' }],
  uses: [now],
  lua: `
local forgotten = 0
for i = 1, #digests do
  local pointer = readPointer(digests[i])
  if not pointer or (tonumber(pointer.t) or 0) <= now and not holderOf(pointer) then
    forgotten = forgotten + redis.call('HDEL', uniques, digests[i])
  end
end
return forgotten
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
  for (let start = 0; start < digests.length; start += STEP) {
    await sweepUniquesScript.run(redis, { queue }, { digests: digests.slice(start, start + STEP) });
  }
  return next === '0' ? undefined : next;
}
