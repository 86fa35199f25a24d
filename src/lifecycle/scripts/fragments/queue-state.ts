import { KEPT_ENTRIES } from '../../../events/limits.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { inChunks, now } from '../../../redis/script/lua.ts';
import { firstRefs, pauseEnd } from '../lua.ts';

/**
 * Lua: `hasSideState` is false when the queue has no settings, notes, ranked, due, held or expiring jobs, as in most queues at most times:
 * one question instead of four. `queueSettings` has `isPaused`, `pausedUntil` (Unix ms), `hold` (entries of the events stream to
 * keep), `healUntil` by lane and the limits, where there are any: `limitsKeys` is
 * one for keys, `hasKeyed` says that jobs may be held for theirs. `hasResumed`: the end of the pause has come.
 * `hasChanged`: there may be changed jobs. `hasNotes`: there are notes of jobs.
 */
export const QUEUE_STATE = defineFragment({
  queueKeys: ['settings', 'notes', 'scheduled', 'ranked', 'due', 'expiring', 'holds'],
  uses: [now],
  lua: `
local hasSideState =
  redis.call('EXISTS', settings, notes, scheduled, ranked, due[1], due[2], due[3], due[4], due[5], expiring, holds) > 0
local queueSettings, hasNotes = {}, hasSideState and redis.call('EXISTS', notes) == 1
if hasSideState then
  local found = redis.call('HMGET', settings, 'heal:1', 'heal:2', 'heal:3', 'heal:4', 'paused', 'hold', 'changed',
    'concurrency', 'rate', 'keyConcurrency', 'keyRate', 'keyMaxJobs', 'fair', 'keyed')
  queueSettings.healUntil, queueSettings.isPaused, queueSettings.hold = found, found[5], found[6]
  queueSettings.hasChanged, queueSettings.concurrency, queueSettings.rate = found[7], found[8], found[9]
  queueSettings.keyConcurrency, queueSettings.keyRate, queueSettings.fair = found[10], found[11], found[13]
  queueSettings.limitsKeys, queueSettings.hasKeyed = found[10] or found[11] or found[12] or found[13], found[14]
  local ends = found[5] and ${pauseEnd('found[5]')}
  queueSettings.pausedUntil = ends
  if ends and ends <= now then
    queueSettings.isPaused, queueSettings.hasResumed = false, true
  end
end
`,
});

/** Characters of a record that an event shows, and of all records of one event: a history of them takes little memory. */
const MAX_SHOWN = 512;
const MAX_SHOWN_PER_EVENT = 4_096;

/**
 * Lua: all that a script did is one entry of the events stream, in several pairs. `addEvent(kind, refs)` adds a kind (`e`)
 * and its jobs (`j`), `addShownResult(ref, expires, record)` a short record that somebody waits for (`r`: ref, expiry,
 * record; space separated), `flushEvents()` writes the entry. It also removes a pause that is over, which no script may do before it
 * can fail.
 */
export const EVENTS = defineFragment({
  queueKeys: ['events', 'settings', 'changed'],
  uses: [firstRefs],
  lua: `
local pendingEvents, shownLength = {}, 0
local function addEvent(kind, refs)
  if #refs == 0 then return end
  if queueSettings.hasChanged then refs = firstRefs(changed, refs) end
  local n = #pendingEvents
  pendingEvents[n + 1], pendingEvents[n + 2] = 'e', kind
  pendingEvents[n + 3], pendingEvents[n + 4] = 'j', table.concat(refs, ' ')
end
local function addShownResult(ref, expires, record)
  if #record > ${MAX_SHOWN} or shownLength + #record > ${MAX_SHOWN_PER_EVENT} then return end
  shownLength = shownLength + #record
  if queueSettings.hasChanged then ref = firstRefs(changed, { ref })[1] end
  local n = #pendingEvents
  pendingEvents[n + 1], pendingEvents[n + 2] = 'r', ref .. ' ' .. expires .. ' ' .. record
end
local function flushEvents()
  if queueSettings.hasResumed then
    redis.call('HDEL', settings, 'paused')
    for i, text in ipairs({ 'e', 'resumed', 'j', '' }) do table.insert(pendingEvents, i, text) end
  end
  if #pendingEvents == 0 then return end
  redis.call('XADD', events, 'MAXLEN', '~', queueSettings.hold or ${KEPT_ENTRIES}, '*', unpack(pendingEvents))
end
`,
});

/** Lua: `markStarted(refs)` announces jobs that start; a job that has started in time can no longer expire. */
export const MARK_STARTED = defineFragment({
  queueKeys: ['expiring'],
  uses: [inChunks],
  lua: `
local function markStarted(refs)
  addEvent('started', refs)
  if hasSideState then inChunks(refs, function(...) redis.call('ZREM', expiring, ...) end) end
end
`,
});
