import type { Connection } from '../../../redis/connection.ts';
import type { QueueKeys } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { SPLIT_REF } from '../fragments/take.ts';
import { deleteTraces } from '../lua.ts';

/** Members that one step checks. */
const STEP = 200;
/** Notes, chosen at random, that the last step of a sweep checks. */
const NOTES = 50;

/**
 * Removes members of `holds` that accidents may have left: one whose entry is gone, and one without its note, whose job the
 * sweep of its stream makes due. The last step also removes notes of jobs that are no more: a release that does not know a
 * note leaves it.
 *
 * `from`: the member after which the step begins, as ZRANGE takes it.
 * Returns the member after which the next step begins, or '' at the end.
 */
export const sweepHoldsScript = defineScript({
  name: 'sweep-holds',
  queueKeys: ['stream', 'notes', 'ranked', 'logs', 'holds'],
  args: ['from', 'most'],
  uses: [deleteTraces],
  lua: `
local function isThere(ref)
  local place, id = ${SPLIT_REF}
  return place and #redis.call('XRANGE', stream[place], id, id) > 0
end
local members = redis.call('ZRANGE', holds, from, '+', 'BYLEX', 'LIMIT', 0, most)
for _, member in ipairs(members) do
  local prefix, ref = string.match(member, '^(.* )(%S+)$')
  local isGone = not ref or not isThere(ref)
  if isGone and ref then deleteTraces(notes, ranked, logs, ref) end
  if isGone or redis.call('HGET', notes, ref .. ${NOTE.heldAs}) ~= prefix then redis.call('ZREM', holds, member) end
end
if #members == tonumber(most) then return members[#members] end
for _, field in ipairs(redis.call('HRANDFIELD', notes, ${NOTES})) do
  local ref = string.match(field, '^(%a%d+%-%d+):%a$')
  if ref and not isThere(ref) then deleteTraces(notes, ranked, logs, ref) end
end
return ''
`,
});

/** One bounded step. Returns where the next one begins; undefined at the end. */
export async function sweepHolds(
  redis: Connection,
  queue: QueueKeys,
  from: string,
): Promise<string | undefined> {
  const last = (await sweepHoldsScript.run(redis, { queue }, { from, most: STEP })) as string;
  return last === '' ? undefined : `(${last}`;
}
