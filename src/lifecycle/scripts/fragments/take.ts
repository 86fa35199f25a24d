import { defineFragment } from '../../../redis/script/define-script.ts';
import { now, PLACE_LETTERS } from '../../../redis/script/lua.ts';
import { wakeWorkers } from '../lua.ts';

/** Lua: the reply of a take that found nothing; `TakeReply` says what stands in it. */
export const NOTHING_TAKEN = `{ 'ok', now, 0, -1, '[]' }`;

/** Lua: the index of the place that `ref` begins with, and the entry id behind it. */
export const SPLIT_REF = `string.find('${PLACE_LETTERS}', string.sub(ref, 1, 1), 1, true), string.sub(ref, 2)`;

/**
 * Lua: `deliver(ref, fields, ...)` adds a job to `heads` and `reply`; `...` are the rest of its head. Where the fields are not
 * those that we write, all of them stand in place of the task. `free` counts down to 0, the jobs that may still be taken; it is 0,
 * too, once payloads and options take up `maxBytes`.
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
  if byteBudget then
    byteBudget = byteBudget - #(fields[4] or '') - #(fields[6] or '')
    if byteBudget <= 0 then free = 0 end
  end
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

/**
 * Lua: `take()` takes at most `count` jobs by priority: of each the due ones, which have waited longer, then the lane. Up to
 * `share` jobs of `favouredLane` (0 for no lane) go before all others: due ones first where `favoursDue` is 1, else the
 * entries of the lane. Returns `TakeReply`.
 */
export const TAKE = defineFragment({
  queueKeys: ['leases', 'wake'],
  args: ['consumer', 'favouredLane', 'share', 'favoursDue', 'wakeHorizonMs'],
  uses: [now, wakeWorkers],
  lua: `
local function takeFavoured(lane, most)
  local before = #refs
  if takeDue and favoursDue == '1' then takeDue(lane, most) end
  local left = most - (#refs - before)
  if left > 0 then takeLane(lane, left) end
  if takeDue then takeDue(lane, most - (#refs - before)) end
end
local function take()
  if not redis.call('ZSCORE', leases, consumer) then return { 'no-lease' } end
  if queueSettings.isPaused then
    reply[3] = 1
    return reply
  end
  laneBudget = byteBudget
  if tonumber(favouredLane) > 0 then takeFavoured(tonumber(favouredLane), tonumber(share)) end
  for place = 1, 4 do
    if takeDue then takeDue(place, free) end
    takeLane(place, free)
  end
  if takeDue then findNextDue() end
  if nextDue then
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
