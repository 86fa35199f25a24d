import { PARK_ENTRY, REPLACE_ENTRY } from '../../../lifecycle/scripts/changes/replace-entry.ts';
import { openJobs, publishSubmitted } from '../../../lifecycle/scripts/lua.ts';
import { FOLLOWS, FREE_FOLLOWER } from '../../../lifecycle/scripts/unique/followers.ts';
import { HOLDER, OPEN_JOB, POINTERS } from '../../../lifecycle/scripts/unique/places.ts';
import { WAKE_HORIZON_MS } from '../../../lifecycle/wake.ts';
import type { Connection } from '../../../redis/connection.ts';
import { encodeOptions } from '../../../redis/entry-options.ts';
import { parseRef, type Ref } from '../../../redis/job-id.ts';
import { placeIndex } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { letters, now } from '../../../redis/script/lua.ts';
import { DEFAULT_PRIORITY } from '../../../schemas/job.ts';
import { MAX_DURATION_MS } from '../../../schemas/values/duration.ts';
import type { UniqueRule } from '../../unique/rule.ts';
import { decodeOnce, type NewEntry, type Once, type Remembered, remember, replay } from './submit.ts';

/** Pointers to ended jobs that one submit looks for: more than it adds. */
const DROPPED = 2;

/**
 * Takes in a job that shares its place with others. Who has the place follows from where the jobs are, so nothing is locked.
 * Drops some pointers to jobs that have lost theirs.
 *
 * With `replace`, a job that waits gets the new entry. While one runs, the new job follows it: it is held until that one has ended,
 * and later ones replace it. Where only a time keeps the place, the new job starts after that.
 *
 * `record`, `fingerprint`, `recordTtlMs`: as in `submit`. `digest`: names the place; `upTo`: 's' or ''; `forMs`: ms or 0;
 * `onConflict`: `OnConflict`. `lane`: index of the stream; `startAt`, `delay`, `expiresIn`: ms or '';
 * `priority`: '' for normal; `options`: JSON with at least one member, without priority, times and first entry.
 * Returns { 'stored' | 'replaced' | onConflict, first ref } | { 'replayed', record } | { 'mismatch' } | { 'full', 1, limit }.
 */
export const submitUniqueScript = defineScript({
  name: 'submit-unique',
  queueKeys: ['expiring', 'settings', 'events', 'notes', 'stream', 'dead', 'uniques'],
  keys: ['record'],
  fragments: [OPEN_JOB, POINTERS, HOLDER, PARK_ENTRY, REPLACE_ENTRY, FREE_FOLLOWER],
  args: [
    'fingerprint',
    'recordTtlMs',
    'digest',
    'upTo',
    'forMs',
    'onConflict',
    'lane',
    'startAt',
    'delay',
    'priority',
    'expiresIn',
    'task',
    'payload',
    'options',
  ],
  whenFull: 'refused',
  uses: [letters, now, openJobs],
  lua: `
local pointer

-- What becomes of the job, where it is not put into a lane. \`notBefore\`: Unix ms, or nil.
local function freshEntry(first, notBefore)
  local starts, text = tonumber(startAt) or now + (tonumber(delay) or 0), string.sub(options, 2)
  local isDelayed = startAt ~= '' or delay ~= ''
  if notBefore and notBefore > starts then starts, isDelayed = notBefore, true end
  if isDelayed then text = '"at":' .. string.format('%.0f', starts) .. ',' .. text end
  if priority ~= '' then text = '"pr":"' .. priority .. '",' .. text end
  if first then text = '"i":"' .. first .. '",' .. text end
  return { task = task, payload = payload, options = '{' .. text, at = starts, rank = priority ~= '' and tonumber(lane) or nil,
    expiresAt = expiresIn ~= '' and now + expiresIn or nil }
end

local function putInLane()
  local text = expiresIn == '' and options or '{"x":' .. expiresIn .. ',' .. string.sub(options, 2)
  local entryId = redis.call('XADD', stream[lane], '*', 't', task, 'p', payload, 'o', text)
  local stored = LETTERS[tonumber(lane)] .. entryId
  if expiresIn ~= '' then redis.call('ZADD', expiring, string.match(entryId, '^%d+') + expiresIn, stored) end
  return stored
end

-- Stores a new job; where \`job\` is given, one that follows it.
local function store(notBefore, job)
  local configured, depth = redis.call('HMGET', settings, 'maxJobs', 'submitEvents', 'unique'), 1
  local limit = tonumber(configured[1])
  for i = 1, limit and 5 or 0 do depth = depth + openJobs(stream[i], dead[i]) end
  if limit and depth > limit then return 'full', limit end
  local stored
  if job or notBefore or startAt ~= '' or delay ~= '' then
    local fresh = freshEntry(nil, notBefore)
    fresh.follows = job and '${FOLLOWS}' .. digest or nil
    stored = parkEntry(fresh)
  else stored = putInLane() end
  if job then redis.call('HSET', notes, job.ref .. ${NOTE.follower}, stored) end
  if configured[2] then
    local refs = { stored }
    ${publishSubmitted('refs')}
  end
  if not configured[3] then redis.call('HSET', settings, 'unique', 1) end
  return 'stored', stored
end

local function isRunning(job)
  return isPending(job) or redis.call('HEXISTS', notes, job.ref .. ${NOTE.cancelAskedAt}) == 1
end

local function takenUntil() return pointer and tonumber(pointer.t) or 0 end
local function point(text)
  local untilMs = math.max(takenUntil(), forMs ~= '0' and math.max(now, text.n or 0) + forMs or 0)
  text.t = untilMs > now and untilMs or nil
  redis.call('HSET', uniques, digest, cjson.encode(text))
end

local function replaceIn(job, follower)
  local waiting = follower or not isRunning(job) and job or nil
  local own, notBefore = upTo ~= '' and upTo or nil, tonumber(pointer.n)
  if waiting then replaceEntry(waiting, freshEntry(waiting.first, notBefore)) end
  if follower then
    point({ r = pointer.r, u = pointer.u, f = pointer.f, fu = own, n = notBefore })
  elseif waiting then point({ r = pointer.r, u = own, n = notBefore })
  else
    notBefore = takenUntil() > now and takenUntil() or nil
    local kind, stored = store(notBefore, job)
    if kind == 'stored' then point({ r = pointer.r, u = pointer.u, f = stored, fu = own, n = notBefore }) end
    return kind, stored
  end
  return 'replaced', waiting.first
end

local function submit()
  pointer = readPointer(digest)
  local before = pointer and pointer.r
  local job, follower
  if pointer then job, follower = holderOf(pointer) end
  -- An accident has taken the first one, and nothing told the other.
  if pointer and pointer.r ~= before then freeFollower(pointer.r) end
  local isTaken = job or takenUntil() > now
  if isTaken and onConflict ~= 'replace' then return onConflict, pointer.r end
  if job then return replaceIn(job, follower) end
  local notBefore = isTaken and takenUntil() or nil
  local kind, stored = store(notBefore)
  if kind == 'stored' then point({ r = stored, u = upTo ~= '' and upTo or nil, n = notBefore }) end
  return kind, stored
end

local function dropPointers()
  for _, field in ipairs(redis.call('HRANDFIELD', uniques, ${DROPPED})) do
    local other = readPointer(field)
    if not other or (tonumber(other.t) or 0) <= now and not holderOf(other) then redis.call('HDEL', uniques, field) end
  end
end

${replay}
local kind, found = submit()
if kind == 'full' then return { kind, 1, found } end
if fingerprint ~= '' and kind ~= 'reject' then
  ${remember('found', 'kind')}
end
dropPointers()
return { kind, found }
`,
});

type Kind = 'stored' | 'replaced' | 'existing' | 'reject';

export type UniquelySubmitted =
  | { kind: Kind; ref: Ref }
  /** The key of the submit has been used before; nothing was stored now. */
  | ({ kind: 'replayed' } & Remembered)
  | { kind: 'mismatch' }
  | { kind: 'full'; maxJobs: number };

type Raw = [Kind, ref: string] | ['replayed', record: string] | ['mismatch'] | ['full', 1, number];

/** Takes in one job by its rule; `digest` names its place. Refs are those of ids. With `once` it is taken in at most once. */
export async function submitUnique(
  redis: Connection,
  { keys, place, task, payload, options }: NewEntry,
  { until, forMs, onConflict }: UniqueRule,
  digest: string,
  once?: Once,
): Promise<UniquelySubmitted> {
  const { at, d, x, pr, ...rest } = options;
  const priority = place === 'parked' ? (pr ?? DEFAULT_PRIORITY) : place;
  const raw = (await submitUniqueScript.run(
    redis,
    // Without a fingerprint no record is read or written, but the script has one key for it.
    { queue: keys, record: once?.key ?? keys.idempotency('') },
    {
      wakeHorizonMs: WAKE_HORIZON_MS,
      mostExpiryMs: MAX_DURATION_MS,
      fingerprint: once?.fingerprint ?? '',
      recordTtlMs: once?.ttlMs ?? 0,
      digest,
      upTo: until === 'started' ? 's' : '',
      forMs,
      onConflict,
      lane: placeIndex(priority),
      startAt: at ?? '',
      delay: d ?? '',
      priority: priority === DEFAULT_PRIORITY ? '' : priority,
      expiresIn: x ?? '',
      task,
      payload,
      options: encodeOptions(rest),
    },
  )) as Raw;
  switch (raw[0]) {
    case 'replayed':
      return { kind: 'replayed', ...decodeOnce(raw[1]) };
    case 'mismatch':
      return { kind: 'mismatch' };
    case 'full':
      return { kind: 'full', maxJobs: raw[2] };
    default:
      return { kind: raw[0], ref: parseRef(raw[1]) };
  }
}
