import { GROUP } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { SPLIT_REF } from '../fragments/take.ts';

/** Lua: notes of which each says that a handler has begun with the job, or that somebody asked to cancel it while it ran. */
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
 * Lua: who has the place of unique jobs. A field of `uniques` is the digest of a place, and points to the job that was stored there
 * last: JSON with its first ref (`r`), `u` = 's' where it keeps the place only until it starts, and `t`, Unix ms before which the
 * place is taken in any case. That job has the place while it is where open jobs are: nothing must be unlocked.
 *
 * `readPointer(field)`: the pointer, or nil. `holderOf(pointer)`: its job while it has the place: { first, ref, place, id }.
 */
export const PLACES_OF_JOBS = defineFragment({
  queueKeys: ['uniques', 'changed', 'stream', 'dead', 'notes'],
  lua: `
local function openJob(first)
  local ref = redis.call('HGET', changed, first) or first
  if not string.find(ref, '^%a%d+%-%d+$') then return nil end
  local place, id = ${SPLIT_REF}
  if not place or redis.call('ZSCORE', dead[place], ref) then return nil end
  if #redis.call('XRANGE', stream[place], id, id) == 0 then return nil end
  return { first = first, ref = ref, place = place, id = id }
end
local function hasStarted(job)
  for _, noted in ipairs(redis.call('HMGET', notes, ${begunNotes('job.ref')})) do
    if noted then return true end
  end
  local hasGroup = #redis.call('XINFO', 'GROUPS', stream[job.place]) > 0
  return hasGroup and #redis.call('XPENDING', stream[job.place], '${GROUP}', job.id, job.id, 1) > 0
end
local function readPointer(field)
  local isJson, pointer = pcall(cjson.decode, redis.call('HGET', uniques, field) or '')
  return isJson and type(pointer) == 'table' and type(pointer.r) == 'string' and pointer or nil
end
local function holderOf(pointer)
  local job = openJob(pointer.r)
  return job and (pointer.u ~= 's' or not hasStarted(job)) and job or nil
end
`,
});
