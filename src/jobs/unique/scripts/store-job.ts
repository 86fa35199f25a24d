import { publishSubmitted } from '../../../lifecycle/scripts/lua.ts';
import { moveTags } from '../../../lifecycle/scripts/tags/tag-place.ts';
import { FOLLOWS } from '../../../lifecycle/scripts/unique/followers.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { letters, now } from '../../../redis/script/lua.ts';

/**
 * Lua: `storeJob(new, room, notBefore, job)` stores a new job, and returns its ref. If `job` is given, the new one follows it.
 * `freshEntry(new, first, notBefore, since)` is what `parkEntry` takes. `notBefore`: Unix ms, or nil; `since`: when the job was first
 * submitted. `tellSubmitted(room)` writes the events of the jobs that were stored since; nil for none.
 *
 * `new`: `task`, `payload`, `options` (JSON without priority, times and first entry; '' for none), `lane` (index of the stream),
 * `priority` (nil for normal), `startAt`, `delay`, `expiresIn` (ms, or nil), `rule` (`uq` of its options; nil for a job that is not
 * unique). `room`: see `ROOM`.
 */
export const STORE_JOB = defineFragment({
  queueKeys: ['expiring', 'settings', 'events', 'notes', 'stream', 'tagged'],
  uses: [letters, now],
  lua: `
local function withMember(text, member)
  return '{' .. member .. (text == '' and '}' or ',' .. string.sub(text, 2))
end

local function freshEntry(new, first, notBefore, since)
  local starts, text = new.startAt or now + (new.delay or 0), new.options
  local isDelayed = new.startAt or new.delay
  if new.rule and new.rule.mw then starts = math.min(starts, math.max(now, since + new.rule.mw)) end
  if notBefore and notBefore > starts then starts, isDelayed = notBefore, true end
  if isDelayed then text = withMember(text, '"at":' .. string.format('%.0f', starts)) end
  if new.priority then text = withMember(text, '"pr":"' .. new.priority .. '"') end
  if first then text = withMember(text, '"i":"' .. first .. '"') end
  return { task = new.task, payload = new.payload, options = text, at = starts, rank = new.priority and new.lane,
    expiresAt = new.expiresIn and now + new.expiresIn }
end

local function linesOfTags(text)
  if not text or not string.find(text, '"tg":', 1, true) then return '' end
  local isJson, read = pcall(cjson.decode, text)
  return isJson and type(read) == 'table' and type(read.tg) == 'table' and table.concat(read.tg, '\\n') or ''
end

local function putInLane(new)
  local index, text = new.lane, new.options
  if new.expiresIn then text = withMember(text, '"x":' .. new.expiresIn) end
  local entryId = redis.call('XADD', stream[index], '*', 't', new.task, 'p', new.payload, 'o', text)
  local stored = LETTERS[index] .. entryId
  if new.expiresIn then redis.call('ZADD', expiring, string.match(entryId, '^%d+') + new.expiresIn, stored) end
  return stored
end

local function storeJob(new, room, notBefore, job)
  local stored
  if job or notBefore or new.startAt or new.delay then
    local fresh = freshEntry(new, nil, notBefore, now)
    fresh.follows = job and '${FOLLOWS}' .. new.rule.d or nil
    stored = parkEntry(fresh)
  else stored = putInLane(new) end
  if job then redis.call('HSET', notes, job.ref .. ${NOTE.follower}, stored) end
  local added = linesOfTags(new.options)
  ${moveTags('ZADD', 'tagged', 'added', 'stored')}
  if room.submitted then table.insert(room.submitted, stored) end
  if new.rule and not room.hasUnique then
    redis.call('HSET', settings, 'unique', 1)
    room.hasUnique = true
  end
  return stored
end

local function tellSubmitted(room)
  if not (room and room.submitted) then return end
  ${publishSubmitted('room.submitted')}
  room.submitted = {}
end
`,
});
