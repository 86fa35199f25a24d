import { PARK_ENTRY, REPLACE_ENTRY } from '../../../lifecycle/scripts/changes/replace-entry.ts';
import { moveTags } from '../../../lifecycle/scripts/tags/tag-place.ts';
import { FREE_FOLLOWER } from '../../../lifecycle/scripts/unique/followers.ts';
import { FORGETTABLE, HOLDER, OPEN_JOB, POINTERS } from '../../../lifecycle/scripts/unique/places.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { now } from '../../../redis/script/lua.ts';
import { RECORD_END, readHead } from '../../../redis/script/result-head.ts';
import { ROOM } from '../../submit/scripts/room.ts';
import { STORE_JOB } from './store-job.ts';

/** Pointers that each submit checks, to drop those to ended jobs. A submit adds one. In one call the first 100 submits do so. */
const DROPPED = 2;
const MOST_DROPS = 100;
/** Bytes of entries that one call reads: they bound the time for which it keeps Redis busy. */
const MOST_BYTES = 67_108_864;

/** Lua: whether the script has read as many bytes as it may. */
export const HAS_READ_ENOUGH = `openBytes > ${MOST_BYTES}`;

/**
 * Lua: the places of jobs say who has a place, so nothing is locked. A script decides about all its jobs before it writes, so that it
 * can refuse them all.
 *
 * `lookAt(places, digest)` returns a place. Its `pointer`, `job` and `follower` (see `holderOf`) are what Redis has. Its `holder` ('open',
 * 'waiting', 'running'; nil for none) and `follows` are what `decide` has decided so far.
 *
 * `decide(new, place)` returns what becomes of a job: 'stored' | 'replaced' | 'existing' | 'cached' | 'reject'. With `replace`, a job
 * that waits gets the new entry. While a job runs, the new job follows it: it is held until the other has ended, and later ones
 * replace it. If only a time keeps the place, the new job starts after that time.
 */
const DECIDE = defineFragment({
  queueKeys: ['changed', 'results', 'notes', 'uniques'],
  uses: [now],
  lua: `
local function takenUntil(pointer) return pointer and tonumber(pointer.t) or 0 end

local function ruleOf(options)
  if not string.find(options, '"uq":', 1, true) then return nil end
  local isJson, read = pcall(cjson.decode, options)
  return isJson and type(read) == 'table' and type(read.uq) == 'table' and read.uq or nil
end

local function lookAt(places, digest)
  if places[digest] then return places[digest] end
  local pointer = readPointer(digest)
  local place, before = { pointer = pointer }, pointer and pointer.r
  if pointer then place.job, place.follower = holderOf(pointer) end
  if pointer and pointer.r ~= before then
    redis.call('HSET', uniques, digest, cjson.encode(pointer))
    -- If an accident removed the first job, nothing has freed its follower.
    freeFollower(pointer.r)
  end
  place.holder, place.follows = place.job and 'open', place.follower ~= nil
  places[digest] = place
  return place
end

local function isRunning(job)
  return isPending(job) or redis.call('HEXISTS', notes, job.ref .. ${NOTE.cancelAskedAt}) == 1
end

local function completedAt(first)
  local present = redis.call('HGET', changed, first) or first
  local status, ended = string.match(${readHead('results .. present')}, '${RECORD_END}')
  return status == 'completed' and tonumber(ended) or 0
end

local function decide(new, place)
  local rule, pointer = new.rule, place.pointer
  local isTaken = place.holder or takenUntil(pointer) > now
  if isTaken and rule.c ~= 'replace' then return rule.c or 'existing' end
  if place.holder == 'open' and not place.follows then place.holder = isRunning(place.job) and 'running' or 'waiting' end
  if place.holder == 'waiting' or place.follows then return 'replaced' end
  if place.holder then
    place.follows = true
    return 'stored'
  end
  if rule.ca and pointer and completedAt(pointer.r) > now - rule.ca then return 'cached' end
  place.holder = 'waiting'
  return 'stored'
end
`,
});

/**
 * Lua: `takePlace(new, place, kind, room)` writes what `decide` has returned, and returns the first ref of the job. It also drops some
 * pointers to jobs that have lost their places. `new` and `room`: see `STORE_JOB`.
 */
const TAKE_PLACE = defineFragment({
  queueKeys: ['uniques', 'tagged'],
  uses: [now],
  lua: `
local function point(new, place, pointer)
  local own = new.rule.f and math.max(now, pointer.n or 0) + new.rule.f or 0
  local keptUntil = math.max(takenUntil(place.pointer), own)
  pointer.t = keptUntil > now and keptUntil or nil
  redis.call('HSET', uniques, new.rule.d, cjson.encode(pointer))
  place.pointer = pointer
end

local function replaceIn(new, place, room)
  local waiting, pointer = place.follower or place.job, place.pointer
  local upTo, notBefore, since = new.rule.u and 's' or nil, tonumber(pointer.n), tonumber(pointer.s) or now
  local fresh = freshEntry(new, waiting.first, notBefore, since)
  tellSubmitted(room)
  local present = jobAt(waiting.first, replaceEntry(waiting, fresh), new.options)
  local removed, added = linesOfTags(waiting.options), linesOfTags(new.options)
  ${moveTags('ZREM', 'tagged', 'removed', 'waiting.first')}
  ${moveTags('ZADD', 'tagged', 'added', 'waiting.first')}
  if place.follower then
    place.follower = present
    point(new, place, { r = pointer.r, u = pointer.u, f = pointer.f, fu = upTo, n = notBefore, s = since })
  else
    place.job = present
    point(new, place, { r = pointer.r, u = upTo, n = notBefore, s = since })
  end
  return waiting.first
end

local drops = 0
local function forgetSome()
  drops = drops + 1
  if drops > ${MOST_DROPS} or ${HAS_READ_ENOUGH} then return end
  for _, field in ipairs(redis.call('HRANDFIELD', uniques, ${DROPPED})) do
    if isForgettable(readPointer(field)) then redis.call('HDEL', uniques, field) end
  end
end

local function storeIn(new, place, room)
  local pointer, upTo = place.pointer, new.rule.u and 's' or nil
  local notBefore = takenUntil(pointer) > now and takenUntil(pointer) or nil
  local stored = storeJob(new, room, notBefore, place.job)
  if place.job then
    place.follower = jobAt(stored, stored, new.options)
    point(new, place, { r = pointer.r, u = pointer.u, f = stored, fu = upTo, n = notBefore, s = now })
    return stored
  end
  place.job = jobAt(stored, stored, new.options)
  point(new, place, { r = stored, u = upTo, n = notBefore, s = now, c = new.rule.ca and 1 or nil })
  forgetSome()
  return stored
end

local function takePlace(new, place, kind, room)
  if kind == 'stored' then return storeIn(new, place, room) end
  if kind == 'replaced' then return replaceIn(new, place, room) end
  return place.pointer.r
end
`,
});

/** What a script needs that stores jobs which may share their places, in this order. */
export const PLACE_FRAGMENTS = [
  ROOM,
  OPEN_JOB,
  POINTERS,
  HOLDER,
  FORGETTABLE,
  PARK_ENTRY,
  REPLACE_ENTRY,
  FREE_FOLLOWER,
  STORE_JOB,
  DECIDE,
  TAKE_PLACE,
] as const;
