import type { Connection } from '../../../redis/connection.ts';
import { formatRef } from '../../../redis/job-id.ts';
import { placeIndex, type QueueKeys } from '../../../redis/keys.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { presentRefs } from '../changes/present-refs.ts';
import { placeOfMember, refOfPlace } from './tag-place.ts';

/** Members of one step: bounds the time for which it keeps Redis busy. An entry that is looked for is read as a whole. */
const STEP = 50;

/**
 * Removes members of `tagged` whose jobs are gone: they have neither an entry nor a result.
 *
 * `results`: the result keys of the jobs. `first`: the first ref; `present`: the present one of a changed job, else ''; a change
 * since then leaves the member for the next sweep. Returns how many were removed.
 */
export const forgetTagsScript = defineScript({
  name: 'forget-tags',
  queueKeys: ['tagged', 'changed', 'stream'],
  keys: [{ list: 'results' }],
  args: [{ records: 'jobs', of: ['member', 'place', 'id', 'first', 'present'] }],
  lua: `
local forgotten = 0
for i = 1, #jobs do
  local place, id = jobs[i].place, jobs[i].id
  local isKept = redis.call('EXISTS', results[i]) == 1 or #redis.call('XRANGE', stream[place], id, id) > 0
    or (redis.call('HGET', changed, jobs[i].first) or '') ~= jobs[i].present
  if not isKept then forgotten = forgotten + redis.call('ZREM', tagged, jobs[i].member) end
end
return forgotten
`,
});

/** One bounded step. @param from as ZRANGE takes it. Returns where the next step begins; undefined at the end. */
export async function forgetTags(
  redis: Connection,
  queue: QueueKeys,
  from: string,
): Promise<string | undefined> {
  const members = await redis.zrange(queue.tagged, from, '+', 'BYLEX', 'LIMIT', 0, STEP);
  const last = members.at(-1);
  if (last === undefined) return undefined;
  const found = members.map((member) => ({ member, ref: refOfPlace(placeOfMember(member)) }));
  const named = found.flatMap(({ member, ref }) => (ref === undefined ? [] : [{ member, ref }]));
  // Only another client of Redis can have written what names no job.
  const strange = found.flatMap(({ member, ref }) => (ref === undefined ? [member] : []));
  if (strange.length > 0) await redis.zrem(queue.tagged, ...strange);
  const present = await presentRefs(
    redis,
    queue,
    named.map(({ ref }) => ref),
  );
  const jobs = named.map(({ member, ref }, i) => {
    const moved = present[i];
    const { place, entryId } = moved ?? ref;
    return {
      member,
      place: placeIndex(place),
      id: entryId,
      first: formatRef(ref),
      present: moved === undefined ? '' : formatRef(moved),
    };
  });
  const results = named.map(({ ref }, i) => queue.result(formatRef(present[i] ?? ref)));
  if (jobs.length > 0) await forgetTagsScript.run(redis, { queue, results }, { jobs });
  return members.length < STEP ? undefined : `(${last}`;
}
