import type { Connection } from '../../../redis/connection.ts';
import type { QueueKeys } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { bytesOf } from '../../../redis/script/lua.ts';
import { SPLIT_REF } from '../fragments/take.ts';
import { ownHeldPlace } from '../keys/turns.ts';
import { deleteTraces, FIRST } from '../lua.ts';
import { FOLLOWS, FREE_FOLLOWER } from '../unique/followers.ts';
import { OPEN_JOB, POINTERS } from '../unique/places.ts';

/** Members that one step checks, and bytes of entries that it reads: both bound the time for which it keeps Redis busy. */
const STEP = 200;
const STEP_BYTES = 1_048_576;
/** Notes, chosen at random, that the last step of a sweep checks. */
const NOTES = 50;

/**
 * Removes members of `holds` that accidents may have left: one whose entry is gone, and one that is not where its job should be, which the
 * sweep of its stream makes due. Frees followers of jobs that are gone. The last step also removes notes of jobs that are no more: a release that does not know a
 * note leaves it.
 *
 * `from`: the member after which the step begins, as ZRANGE takes it.
 * Returns the member after which the next step begins, or '' at the end.
 */
export const sweepHoldsScript = defineScript({
  name: 'sweep-holds',
  queueKeys: ['stream', 'notes', 'ranked', 'logs', 'holds', 'changed'],
  fragments: [OPEN_JOB, POINTERS, FREE_FOLLOWER],
  args: ['from', 'most'],
  uses: [bytesOf, deleteTraces, ownHeldPlace],
  lua: `
local members, bytes = redis.call('ZRANGE', holds, from, '+', 'BYLEX', 'LIMIT', 0, most), 0
local function isThere(ref)
  local place, id = ${SPLIT_REF}
  local entry = place and redis.call('XRANGE', stream[place], id, id)[1]
  if entry then bytes = bytes + bytesOf(entry[2])
  elseif place then deleteTraces(notes, ranked, logs, ref) end
  return entry
end
local function isPlace(prefix, ref, options)
  local place, id = ${SPLIT_REF}
  return ownHeldPlace(place, id, options) == prefix or redis.call('HGET', notes, ref .. ${NOTE.heldAs}) == prefix
end
local function checkFollower(digest, ref)
  local pointer, first = readPointer(digest), redis.call('HGET', changed, '${FIRST}' .. ref) or ref
  if not (pointer and pointer.f == first and openJob(pointer.r)) then freeFollower(first) end
end
local function check(member)
  local prefix, ref = string.match(member, '^(.* )(%S+)$')
  local entry = ref and isThere(ref)
  if not entry or not isPlace(prefix, ref, entry[2][6]) then
    redis.call('ZREM', holds, member)
    return
  end
  local digest = string.match(member, '^${FOLLOWS}([^\\n]*)')
  if digest then checkFollower(digest, ref) end
end
for i, member in ipairs(members) do
  check(member)
  if bytes + openBytes > ${STEP_BYTES} or i == tonumber(most) then return member end
end
for _, field in ipairs(redis.call('HRANDFIELD', notes, ${NOTES})) do
  local ref = string.match(field, '^(%a%d+%-%d+):%a$')
  if ref and bytes + openBytes <= ${STEP_BYTES} then isThere(ref) end
end
return ''
`,
});

/** Where a sweep begins that looks only at followers among the held jobs. Their classes come last. */
export const FOLLOWERS_START = `[${FOLLOWS}`;

/** One bounded step. Returns where the next one begins; undefined at the end. */
export async function sweepHolds(
  redis: Connection,
  queue: QueueKeys,
  from: string,
): Promise<string | undefined> {
  const last = (await sweepHoldsScript.run(redis, { queue }, { from, most: STEP })) as string;
  return last === '' ? undefined : `(${last}`;
}
