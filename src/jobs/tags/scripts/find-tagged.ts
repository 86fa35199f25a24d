import { AFTER_PLACES, placeOfMember } from '../../../lifecycle/scripts/tags/tag-place.ts';
import type { Connection } from '../../../redis/connection.ts';
import type { QueueKeys } from '../../../redis/keys.ts';
import { defineScript } from '../../../redis/script/define-script.ts';

/** Members that one call looks at: bounds the time for which it keeps Redis busy. */
const STEP = 200;

/**
 * Finds the jobs that have all the tags, the newest first. It walks the rarest of the tags, and asks for the others.
 *
 * `before`: the places before which to look; `from`: the first place that counts. `most`: jobs to find; `step`: members to look at.
 * Returns { the last member that was looked at, or '' at the end, places }.
 */
export const findTaggedScript = defineScript({
  name: 'find-tagged',
  onlyReads: true,
  queueKeys: ['tagged'],
  args: ['before', 'from', 'most', 'step', { list: 'tags' }],
  lua: `
local rarest, fewest
for i = 1, #tags do
  local tag = tags[i]
  local jobs = redis.call('ZLEXCOUNT', tagged, '[' .. tag .. '\\n' .. from, '(' .. tag .. '\\n' .. before)
  if not fewest or jobs < fewest then rarest, fewest = tag, jobs end
end
if fewest == 0 then return { '', {} } end
local low, high = '[' .. rarest .. '\\n' .. from, '(' .. rarest .. '\\n' .. before
local members = redis.call('ZRANGE', tagged, high, low, 'BYLEX', 'REV', 'LIMIT', 0, step)
local places = {}
for i, member in ipairs(members) do
  local place, hasAll = string.sub(member, #rarest + 2), true
  for j = 1, #tags do
    hasAll = hasAll and (tags[j] == rarest or redis.call('ZSCORE', tagged, tags[j] .. '\\n' .. place))
  end
  if hasAll then places[#places + 1] = place end
  if #places == tonumber(most) and i < #members then return { member, places } end
end
return { #members == tonumber(step) and members[#members] or '', places }
`,
});

/** Part of the jobs that have all the tags. */
export interface TaggedPart {
  /** Of the jobs, the newest first. */
  readonly places: readonly string[];
  /** The place up to which it was looked; undefined when there are no more. */
  readonly upTo: string | undefined;
}

/** @param before the place before which to look, `from` the first that counts; '' for any. `most`: jobs to find, at least 1. */
export async function findTagged(
  redis: Connection,
  queue: QueueKeys,
  tags: readonly string[],
  { before, from, most }: { before: string; from: string; most: number },
): Promise<TaggedPart> {
  const [last, places] = (await findTaggedScript.run(
    redis,
    { queue },
    { before: before || AFTER_PLACES, from, most, step: STEP, tags },
  )) as [string, string[]];
  return { places, upTo: last === '' ? undefined : placeOfMember(last) };
}
