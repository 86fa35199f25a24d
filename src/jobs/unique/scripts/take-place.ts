import { openJobs, publishSubmitted } from '../../../lifecycle/scripts/lua.ts';
import { moveTags } from '../../../lifecycle/scripts/tags/tag-place.ts';
import { FOLLOWS } from '../../../lifecycle/scripts/unique/followers.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { letters, now } from '../../../redis/script/lua.ts';
import { RECORD_END, readHead } from '../../../redis/script/result-head.ts';

/** Pointers that each submit checks, to drop those to ended jobs. A submit adds one. */
const DROPPED = 2;

/**
 * Lua: `storeUnique(new, notBefore, job)` stores a new job, as the follower of `job` if that is given. `freshEntry(new, first,
 * notBefore, since)` is what `parkEntry` takes. `notBefore`: Unix ms, or nil; `since`: when the job was first submitted.
 */
export const STORE_UNIQUE = defineFragment({
  queueKeys: ['expiring', 'settings', 'events', 'notes', 'stream', 'dead', 'tagged'],
  uses: [letters, now, openJobs],
  lua: `
local function freshEntry(new, first, notBefore, since)
  local starts, text = new.startAt or now + (new.delay or 0), string.sub(new.options, 2)
  local isDelayed = new.startAt or new.delay
  if new.rule.mw then starts = math.min(starts, math.max(now, since + new.rule.mw)) end
  if notBefore and notBefore > starts then starts, isDelayed = notBefore, true end
  if isDelayed then text = '"at":' .. string.format('%.0f', starts) .. ',' .. text end
  if new.priority then text = '"pr":"' .. new.priority .. '",' .. text end
  if first then text = '"i":"' .. first .. '",' .. text end
  return { task = new.task, payload = new.payload, options = '{' .. text, at = starts, rank = new.priority and new.lane,
    expiresAt = new.expiresIn and now + new.expiresIn }
end

local function linesOfTags(text)
  local isJson, read = pcall(cjson.decode, text or '')
  return isJson and type(read) == 'table' and type(read.tg) == 'table' and table.concat(read.tg, '\\n') or ''
end

local function putInLane(new)
  local index, text = new.lane, new.options
  if new.expiresIn then text = '{"x":' .. new.expiresIn .. ',' .. string.sub(text, 2) end
  local entryId = redis.call('XADD', stream[index], '*', 't', new.task, 'p', new.payload, 'o', text)
  local stored = LETTERS[index] .. entryId
  if new.expiresIn then redis.call('ZADD', expiring, string.match(entryId, '^%d+') + new.expiresIn, stored) end
  return stored
end

local function storeUnique(new, notBefore, job)
  local configured, depth = redis.call('HMGET', settings, 'maxJobs', 'submitEvents', 'unique'), 1
  local limit = tonumber(configured[1])
  for i = 1, limit and 5 or 0 do depth = depth + openJobs(stream[i], dead[i]) end
  if limit and depth > limit then return 'full', limit end
  local stored
  if job or notBefore or new.startAt or new.delay then
    local fresh = freshEntry(new, nil, notBefore, now)
    fresh.follows = job and '${FOLLOWS}' .. new.rule.d or nil
    stored = parkEntry(fresh)
  else stored = putInLane(new) end
  if job then redis.call('HSET', notes, job.ref .. ${NOTE.follower}, stored) end
  local added = linesOfTags(new.options)
  ${moveTags('ZADD', 'tagged', 'added', 'stored')}
  if configured[2] then
    local refs = { stored }
    ${publishSubmitted('refs')}
  end
  if not configured[3] then redis.call('HSET', settings, 'unique', 1) end
  return 'stored', stored
end
`,
});

/**
 * Lua: `takePlace(new)` takes in a job that shares its place with others. Who has the place follows from where the jobs are, so
 * nothing is locked. It also drops some pointers to jobs that have lost theirs.
 *
 * With `replace`, a job that waits gets the new entry. While one runs, the new job follows it: it is held until that one has
 * ended, and later ones replace it. Where only a time keeps the place, the new job starts after that.
 *
 * `new`: `task`, `payload`, `options` (JSON with `uq`, without priority, times and first entry), `lane` (index of the stream),
 * `priority` (nil for normal), `startAt`, `delay`, `expiresIn` (ms, or nil). Returns 'stored' | 'replaced' | 'existing' | 'cached' |
 * 'reject' with the first ref of the job, or 'full' with the limit.
 */
export const TAKE_PLACE = defineFragment({
  queueKeys: ['changed', 'results', 'notes', 'uniques', 'tagged'],
  uses: [now],
  lua: `
local function takenUntil(pointer) return pointer and tonumber(pointer.t) or 0 end

local function point(new, before, pointer)
  local own = new.rule.f and math.max(now, pointer.n or 0) + new.rule.f or 0
  local keptUntil = math.max(takenUntil(before), own)
  pointer.t = keptUntil > now and keptUntil or nil
  redis.call('HSET', uniques, new.rule.d, cjson.encode(pointer))
end

local function isRunning(job)
  return isPending(job) or redis.call('HEXISTS', notes, job.ref .. ${NOTE.cancelAskedAt}) == 1
end

local function replaceIn(new, pointer, job, follower)
  local waiting = follower or not isRunning(job) and job or nil
  local upTo, notBefore = new.rule.u and 's' or nil, tonumber(pointer.n)
  local since = waiting and tonumber(pointer.s) or now
  if waiting then
    replaceEntry(waiting, freshEntry(new, waiting.first, notBefore, since))
    local removed, added = linesOfTags(waiting.options), linesOfTags(new.options)
    ${moveTags('ZREM', 'tagged', 'removed', 'waiting.first')}
    ${moveTags('ZADD', 'tagged', 'added', 'waiting.first')}
  end
  if follower then
    point(new, pointer, { r = pointer.r, u = pointer.u, f = pointer.f, fu = upTo, n = notBefore, s = since })
  elseif waiting then point(new, pointer, { r = pointer.r, u = upTo, n = notBefore, s = since })
  else
    notBefore = takenUntil(pointer) > now and takenUntil(pointer) or nil
    local kind, stored = storeUnique(new, notBefore, job)
    if kind == 'stored' then
      point(new, pointer, { r = pointer.r, u = pointer.u, f = stored, fu = upTo, n = notBefore, s = now })
    end
    return kind, stored
  end
  return 'replaced', waiting.first
end

local function completedAt(first)
  local present = redis.call('HGET', changed, first) or first
  local status, ended = string.match(${readHead('results .. present')}, '${RECORD_END}')
  return status == 'completed' and tonumber(ended) or 0
end

local function takePlace(new)
  local rule = cjson.decode(new.options).uq
  new.rule, new.delay = rule, rule.w or new.delay
  local pointer = readPointer(rule.d)
  local before, job, follower = pointer and pointer.r, nil, nil
  if pointer then job, follower = holderOf(pointer) end
  if pointer and pointer.r ~= before then
    redis.call('HSET', uniques, rule.d, cjson.encode(pointer))
    -- If an accident removed the first job, nothing has freed its follower.
    freeFollower(pointer.r)
  end
  local isTaken = job or takenUntil(pointer) > now
  if isTaken and rule.c ~= 'replace' then return rule.c or 'existing', pointer.r end
  if job then return replaceIn(new, pointer, job, follower) end
  if rule.ca and pointer and completedAt(pointer.r) > now - rule.ca then return 'cached', pointer.r end
  local notBefore = isTaken and takenUntil(pointer) or nil
  local kind, stored = storeUnique(new, notBefore)
  if kind == 'stored' then
    point(new, pointer, { r = stored, u = rule.u and 's' or nil, n = notBefore, s = now, c = rule.ca and 1 or nil })
  end
  for _, field in ipairs(redis.call('HRANDFIELD', uniques, ${DROPPED})) do
    if isForgettable(readPointer(field)) then redis.call('HDEL', uniques, field) end
  end
  return kind, stored
end
`,
});
