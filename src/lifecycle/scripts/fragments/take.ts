import { GROUP } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { now, PLACE_LETTERS } from '../../../redis/script/lua.ts';
import { deleteTraces, wakeWorkers } from '../lua.ts';

/** Lua: the reply of a take that found nothing; `TakeReply` says what stands in it. */
export const NOTHING_TAKEN = `{ 'ok', now, 0, -1, '[]' }`;

/** Lua: the index of the place that `ref` begins with, and the entry id behind it. */
export const SPLIT_REF = `string.find('${PLACE_LETTERS}', string.sub(ref, 1, 1), 1, true), string.sub(ref, 2)`;

/**
 * Lua: `deliver(ref, fields, ...)` adds a job to `heads` and `reply`; `...` are the rest of its head. Where the fields are not
 * those that we write, all of them stand in place of the task. `free` counts down to 0, the jobs that may still be taken; it is 0,
 * too, once payloads, options and checkpoints take up `maxBytes`.
 */
export const DELIVER = defineFragment({
  args: ['count', 'maxBytes'],
  uses: [now],
  lua: `
local free, byteBudget = tonumber(count), tonumber(maxBytes)
local heads, refs, reply = {}, {}, ${NOTHING_TAKEN}
local function deliver(ref, fields, ...)
  refs[#refs + 1] = ref
  free = free - 1
  byteBudget = byteBudget - #(fields[4] or '') - #(fields[6] or '') - #(select(7, ...) or '')
  if byteBudget <= 0 then free = 0 end
  if #fields == 6 and fields[1] == 't' and fields[3] == 'p' and fields[5] == 'o' then
    heads[#heads + 1] = { ref, fields[2], fields[6], ... }
    reply[#reply + 1] = fields[4]
  else
    heads[#heads + 1] = { ref, fields, '', ... }
    reply[#reply + 1] = ''
  end
end
`,
});

/** Lua: the notes that a claim reads, of `ref`. */
export const CLAIM_NOTES = [
  NOTE.failedDeliveries,
  NOTE.cancelAskedAt,
  NOTE.failedBeforeRequeue,
  NOTE.losses,
  NOTE.startedAt,
  NOTE.heldAs,
  NOTE.checkpoint,
]
  .map((field) => `ref .. ${field}`)
  .join(', ');
export const NOTES_OF_CLAIM = 7;

/**
 * Lua: `claim(ref, at, heldFor, noted, entry)` delivers a job that waits in a set since `at`, ms, and returns whether it did. An entry that is
 * gone was removed: its traces are deleted. Where keys have limits, the job may wait for its key instead; `heldFor`: it did so
 * already, at this place in `holds`, which the caller deletes. `noted`: values of `CLAIM_NOTES`, if they were read before;
 * `entry`: it is claimed already, false where it is gone.
 */
export const CLAIM = defineFragment({
  queueKeys: ['notes', 'stream', 'holds', 'ranked', 'logs'],
  args: ['consumer'],
  uses: [deleteTraces],
  lua: `
local claim = hasSideState and function(ref, at, heldFor, noted, entry)
  local place, id = ${SPLIT_REF}
  noted = noted or hasNotes and redis.call('HMGET', notes, ${CLAIM_NOTES}) or {}
  local token = (tonumber(noted[1]) or 0) + 1
  if entry == nil then
    entry = redis.call('XCLAIM', stream[place], '${GROUP}', consumer, 0, id, 'RETRYCOUNT', token, 'FORCE')[1]
  end
  -- The sweep of an earlier release takes held jobs for lost ones, and makes them due.
  if noted[6] and not heldFor then redis.call('ZREM', holds, noted[6] .. ref) end
  if not entry then deleteTraces(notes, ranked, logs, ref) end
  if not entry or keyed and not heldFor and keyed.holdsBack(ref, entry[2], at) then return false end
  deliver(ref, entry[2], token, token - (noted[3] or 0), tonumber(noted[4]) or 0, at, noted[2] and 1 or 0,
    noted[5] and 1 or 0, noted[7] or nil)
  return true
end
`,
});

/**
 * Lua: `take()` takes at most `count` jobs by priority: of each the due ones, which have waited longer, then held ones, then
 * the lane. Up to `share` jobs of `favouredLane` (0 for no lane) go before all others: due ones first where `favoursDue` is 1,
 * else those of the lane. Returns `TakeReply`.
 */
export const TAKE = defineFragment({
  queueKeys: ['leases', 'wake', 'holds'],
  args: ['consumer', 'favouredLane', 'share', 'favoursDue', 'wakeHorizonMs'],
  uses: [now, wakeWorkers],
  lua: `
local takeFavoured = favouredLane ~= '0' and function(lane, most)
  local last = #refs + most
  if takeDue and favoursDue == '1' then takeDue(lane, most) end
  if takeHolds then takeHolds(lane, last - #refs) end
  if last > #refs then takeLane(lane, last - #refs) end
  if takeDue then takeDue(lane, last - #refs) end
end
local function take()
  if not redis.call('ZSCORE', leases, consumer) then return { 'no-lease' } end
  if queueSettings.isPaused then
    reply[3], reply[4] = 1, queueSettings.pausedUntil and queueSettings.pausedUntil - now or -1
    return reply
  end
  laneBudget = byteBudget
  local asked = free
  if limits then free = limits.mostStarts(asked) end
  if keyed then keyed.begin() end
  if takeFavoured then takeFavoured(tonumber(favouredLane), tonumber(share)) end
  for priority = 1, 4 do
    if takeDue then takeDue(priority, free) end
    if takeHolds then takeHolds(priority, free) end
    takeLane(priority, free)
  end
  if takeDue then findNextDue() end
  if keyed then nextDue = keyed.finish(nextDue) end
  -- Jobs that are held for their keys are for every worker.
  if keyed then reply[3] = 2 * #redis.call('ZRANGE', holds, '[task:', '+', 'BYLEX', 'LIMIT', 0, 1)
  elseif hasSideState and redis.call('EXISTS', holds) == 1 then reply[3] = 2 end
  if byteBudget <= 0 or keyed and (keyed.hasMore or keyed.waitsForHeal) then reply[3] = reply[3] + 4 end
  local again
  if limits then
    local bits
    bits, again = limits.started(asked, #refs)
    reply[3] = reply[3] + bits
    if again then reply[4] = math.max(0, again - now) end
  end
  if nextDue and again == nil then
    reply[4] = math.max(0, nextDue - now)
    -- This consumer can take no more: it wakes another one for the job that is due next.
    if free < 1 and reply[4] < tonumber(wakeHorizonMs) then wakeWorkers(wake, 1) end
  end
  if #heads > 0 then reply[5] = cjson.encode(heads) end
  markStarted(refs)
  return reply
end
`,
});
