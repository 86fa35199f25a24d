import { GROUP } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { now } from '../../../redis/script/lua.ts';
import { SPLIT_REF } from '../fragments/take.ts';

/** Lua: fields of notes that only a job has that a handler has begun, or that was to be cancelled while it ran. @param ref Lua for its ref. */
export const begunNotes = (ref: string): string =>
  [
    NOTE.failedDeliveries,
    NOTE.startedAt,
    NOTE.failedBeforeRequeue,
    NOTE.cancelAskedAt,
    NOTE.checkpoint,
    NOTE.logged,
    NOTE.losses,
    NOTE.progress,
  ]
    .map((field) => `${ref} .. ${field}`)
    .join(', ');

/**
 * Lua: `openJob(first)`: the job with that first ref while it has not ended, as `jobAt(first, ref, options)` makes it of its present ref:
 * { first, ref, place, id, options }. `openBytes`: the bytes of all entries that it has read.
 */
export const OPEN_JOB = defineFragment({
  queueKeys: ['changed', 'stream', 'dead'],
  lua: `
local openBytes = 0
local function jobAt(first, ref, options)
  local place, id = ${SPLIT_REF}
  return { first = first, ref = ref, place = place, id = id, options = options }
end
local function openJob(first)
  local ref = redis.call('HGET', changed, first) or first
  if not string.find(ref, '^%a%d+%-%d+$') then return nil end
  local job = jobAt(first, ref)
  if not job.place or redis.call('ZSCORE', dead[job.place], ref) then return nil end
  local entry = redis.call('XRANGE', stream[job.place], job.id, job.id)[1]
  if not entry then return nil end
  job.options, openBytes = entry[2][6], openBytes + #(entry[2][4] or '')
  return job
end
`,
});

/**
 * Lua: a field of `uniques` is the digest of a place, and points to the job that was stored there last: JSON with its first ref
 * (`r`), `u` = 's' where it keeps the place only until it starts, `t`, Unix ms before which the place is taken in any case, `f` and `fu`,
 * the same as `r` and `u` of the job that follows it, `n`, Unix ms before which that may not start, `s`, when the job that waits was first
 * submitted, and `c`, where its result answers others. A job has the place while it is where open jobs are: nothing
 * must be unlocked, whatever ends it.
 *
 * `readPointer(field)`: the pointer, or nil.
 */
export const POINTERS = defineFragment({
  queueKeys: ['uniques'],
  lua: `
local function readPointer(field)
  local isJson, pointer = pcall(cjson.decode, redis.call('HGET', uniques, field) or '')
  return isJson and type(pointer) == 'table' and type(pointer.r) == 'string' and pointer or nil
end
`,
});

/**
 * Lua: `holderOf(pointer)`: the job that has the place, and its follower, each nil if there is no such job. After the end of the
 * first job the pointer names its follower.
 */
export const HOLDER = defineFragment({
  queueKeys: ['stream', 'notes'],
  lua: `
local function isPending(job)
  local hasGroup = #redis.call('XINFO', 'GROUPS', stream[job.place]) > 0
  return hasGroup and #redis.call('XPENDING', stream[job.place], '${GROUP}', job.id, job.id, 1) > 0
end
local function hasStarted(job)
  for _, noted in ipairs(redis.call('HMGET', notes, ${begunNotes('job.ref')})) do
    if noted then return true end
  end
  return isPending(job)
end
local function holderOf(pointer)
  local job, follower = openJob(pointer.r), type(pointer.f) == 'string' and openJob(pointer.f) or nil
  if not job and follower then
    pointer.r, pointer.u, job, follower = pointer.f, pointer.fu, follower, nil
  end
  if not follower then pointer.f, pointer.fu = nil, nil end
  if job and (pointer.u ~= 's' or not hasStarted(job)) then return job, follower end
  return nil
end
`,
});

/**
 * Lua: `isForgettable(pointer)`: whether no job can have the place again, and no result answers for it. A job that was handed back
 * before its handler began has not started.
 */
export const FORGETTABLE = defineFragment({
  queueKeys: ['changed', 'results'],
  uses: [now],
  lua: `
local function isForgettable(pointer)
  if not pointer then return true end
  if (tonumber(pointer.t) or 0) > now or openJob(pointer.r) then return false end
  if type(pointer.f) == 'string' and openJob(pointer.f) then return false end
  local present = pointer.c and (redis.call('HGET', changed, pointer.r) or pointer.r)
  return not present or redis.call('EXISTS', results .. present) == 0
end
`,
});
