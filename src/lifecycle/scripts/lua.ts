import { KEPT_ENTRIES } from '../../events/limits.ts';
import { letterOf } from '../../redis/job-id.ts';
import { GROUP } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { inChunks, type LuaHelper, now } from '../../redis/script/lua.ts';
import { deleteNotes } from './delete-notes.ts';

/** What became of a call that ends a delivery. */
export type Settled =
  /** The job was moved now. */
  | 'done'
  /** The same lease made the same move before; that answer must have been lost. */
  | 'repeated'
  /** The lease no longer holds this delivery; nothing was changed. */
  | 'stale';

/**
 * Lua: `deliveredAt(stream, id, consumer, token)`, the start of the delivery if the consumer still holds it, else nil. The token
 * is the delivery count. XACK and XDEL check no owner, so every script that ends a delivery asks this first.
 */
export const deliveredAt: LuaHelper = {
  name: 'deliveredAt',
  uses: [now],
  lua: `
local function deliveredAt(stream, id, consumer, token)
  local row = redis.call('XPENDING', stream, '${GROUP}', id, id, 1, consumer)[1]
  if row and row[4] == tonumber(token) then return now - row[3] end
  return nil
end
`,
};

/** What stands before a present ref in the fields of `changed` that lead back to the first ref. */
export const FIRST = 'first:';

/** Lua: `firstRefs(changed, refs)`, the refs that the ids of the jobs are made of. Only parked jobs may have another one. */
export const firstRefs: LuaHelper = {
  name: 'firstRefs',
  uses: [inChunks],
  lua: `
local function firstRefs(changed, refs)
  local parked, fields, first = {}, {}, {}
  for i, ref in ipairs(refs) do
    first[i] = ref
    if string.sub(ref, 1, 1) == '${letterOf('parked')}' then
      parked[#parked + 1], fields[#fields + 1] = i, '${FIRST}' .. ref
    end
  end
  local found = {}
  inChunks(fields, function(...)
    for _, ref in ipairs(redis.call('HMGET', changed, ...)) do found[#found + 1] = ref end
  end)
  for i, place in ipairs(parked) do first[place] = found[i] or first[place] end
  return first
end
`,
};

/**
 * Lua: `publishEvent(events, kind, refs, settings, changed, value)` writes one entry for all jobs of a move, with a value if there
 * is one. The stream keeps more entries while durable subscriptions ask for them (`hold`). `changed`: nil where the refs are first ones.
 * Returns the settings `concurrency`, `rate` and `keyed`. If one of the first two is set, a job that stops running makes room for another.
 */
export const publishEvent: LuaHelper = {
  name: 'publishEvent',
  uses: [firstRefs],
  lua: `
local function publishEvent(events, kind, refs, settings, changed, value)
  if #refs == 0 then return end
  local kept, hasChanged, concurrency, rate, isKeyed =
    unpack(redis.call('HMGET', settings, 'hold', 'changed', 'concurrency', 'rate', 'keyed'), 1, 5)
  if changed and hasChanged then refs = firstRefs(changed, refs) end
  local entry = { 'e', kind, 'j', table.concat(refs, ' ') }
  if value then entry[5], entry[6] = 'v', value end
  redis.call('XADD', events, 'MAXLEN', '~', kept or ${KEPT_ENTRIES}, '*', unpack(entry))
  return concurrency, rate, isKeyed
end
`,
};

/**
 * Lua: the first statements of a function that ends the delivery of a failed attempt, with the locals `place`, `id`, `ref`, `token`
 * the count `stale` and the list `ended`, for `findKeys`, of its script. Returns 'repeated' or 'stale' from that function, else frees
 * the entry and leaves the locals `move`, `started` and `noted` (when a cancel was asked for, the errors so far, the key that the job runs
 * for, the job that follows).
 */
export const endFailedDelivery = (move: 'retry' | 'bury'): string =>
  `
  local move = '${move}:' .. token .. ':' .. consumer
  local started = deliveredAt(stream[place], id, consumer, token)
  if not started then
    if redis.call('HGET', notes, ref .. ${NOTE.lastMove}) == move then return 'repeated' end
    stale = stale + 1
    return 'stale'
  end
  redis.call('XACK', stream[place], '${GROUP}', id)
  local noted = redis.call('HMGET', notes, ref .. ${NOTE.cancelAskedAt}, ref .. ${NOTE.errors}, ref .. ${NOTE.runsFor},
    ref .. ${NOTE.follower})
  ended[#ended + 1], ended[#ended + 2] = noted[3], ref`.trim();

/** Jobs in one entry of events: readers get an entry as a whole. */
const MOST_SUBMITTED = 200;

/**
 * Lua: statements that write the event `submitted` for stored jobs. Only queues with the setting `submitEvents` pay for it, so it
 * is no helper: each function costs a call a little.
 *
 * @param refs name of the list of refs; `events` and `settings` are expressions for the keys of their queue.
 */
export const publishSubmitted = (refs: string, events = 'events', settings = 'settings'): string =>
  `
  local kept = redis.call('HGET', ${settings}, 'hold') or ${KEPT_ENTRIES}
  for first = 1, #${refs}, ${MOST_SUBMITTED} do
    local part = table.concat(${refs}, ' ', first, math.min(#${refs}, first + ${MOST_SUBMITTED - 1}))
    redis.call('XADD', ${events}, 'MAXLEN', '~', kept, '*', 'e', 'submitted', 'j', part)
  end`.trim();

/** Lua: `wakeWorkers(wake, count, most)` wakes that many idle workers, at most 64 or `most`; they then check for due jobs. */
export const wakeWorkers: LuaHelper = {
  name: 'wakeWorkers',
  lua: `
local function wakeWorkers(wake, count, most)
  most = most or 64
  for _ = 1, math.min(count, most) do
    redis.call('XADD', wake, 'MAXLEN', most, '*', 'w', '1')
  end
end
`,
};

/** Lua: the end of a pause, Unix ms, by the text of the setting `paused`: the start, and the end if it ends by itself. */
export const pauseEnd = (paused: string): string => `tonumber(string.match(${paused}, ' (%d+)$'))`;

/** Lua: `pauseNow(settings)` returns 1 for a paused queue, else 0, and the end of the pause or -1. A pause is over at its end. */
export const pauseNow: LuaHelper = {
  name: 'pauseNow',
  uses: [now],
  lua: `
local function pauseNow(settings)
  local paused = redis.call('HGET', settings, 'paused')
  local ends = paused and ${pauseEnd('paused')}
  if not paused or ends and ends <= now then return 0, -1 end
  return 1, ends or -1
end
`,
};

/** Lua: `withError(kept, line)`, the lines of a job's errors with one more; the last ten stay. `kept`: false for none. */
export const withError: LuaHelper = {
  name: 'withError',
  lua: `
local function withError(kept, line)
  if not kept then return line end
  local lines = {}
  for one in string.gmatch(kept .. '\\n' .. line, '[^\\n]+') do lines[#lines + 1] = one end
  return table.concat(lines, '\\n', math.max(1, #lines - 9))
end
`,
};

/**
 * Scores of `ranked`: the index of the priority (from 1) times this, and the time of the job below it, Unix ms. The last
 * one is that of a job that does not wait.
 */
export const RANK_SPAN = 2 ** 43;

/** Lua: `setRankedTime(ranked, ref, at)` keeps the priority of a parked job that waits from now on for its time. */
export const setRankedTime: LuaHelper = {
  name: 'setRankedTime',
  lua: `
local function setRankedTime(ranked, ref, at)
  if string.sub(ref, 1, 1) ~= '${letterOf('parked')}' then return end
  local score = tonumber(redis.call('ZSCORE', ranked, ref))
  if score then redis.call('ZADD', ranked, score - score % ${RANK_SPAN} + at, ref) end
end
`,
};

/** Lua: `deleteTraces(notes, ranked, logs, ref)` deletes all that is kept of a job beside its entry: notes, rank and log. */
export const deleteTraces: LuaHelper = {
  name: 'deleteTraces',
  uses: [deleteNotes],
  lua: `
local function deleteTraces(notes, ranked, logs, ref)
  deleteNotes(notes, ranked, ref)
  redis.call('DEL', logs .. ref)
end
`,
};

/** Lua: `withoutPayload(fields)`, the fields of an entry with `null` for a payload that its result will not keep. */
export const withoutPayload: LuaHelper = {
  name: 'withoutPayload',
  lua: `
local function withoutPayload(fields)
  local isKept = string.find(fields[6] or '', '"k":true', 1, true)
  if #fields == 6 and fields[3] == 'p' and not isKept then fields[4] = 'null' end
  return fields
end
`,
};

/** Lua: `deleteDeadLetter(stream, dead, notes, ranked, logs, totals, ref)` returns 1 if the job was a dead letter, else 0. */
export const deleteDeadLetter: LuaHelper = {
  name: 'deleteDeadLetter',
  uses: [deleteTraces],
  lua: `
local function deleteDeadLetter(stream, dead, notes, ranked, logs, totals, ref)
  if redis.call('ZREM', dead, ref) == 0 then return 0 end
  redis.call('XDEL', stream, string.sub(ref, 2))
  deleteTraces(notes, ranked, logs, ref)
  redis.call('HINCRBY', totals, 'purged', 1)
  return 1
end
`,
};

/** Lua: `openJobs(stream, dead)`, the jobs of one place that have not ended; all places together are the depth of a queue. */
export const openJobs: LuaHelper = {
  name: 'openJobs',
  lua: `
local function openJobs(stream, dead) return redis.call('XLEN', stream) - redis.call('ZCARD', dead) end
`,
};
