import { defineFragment } from '../../../redis/script/define-script.ts';
import { now, toMap } from '../../../redis/script/lua.ts';
import { wakeWorkers } from '../lua.ts';

/** At high rates a worker waits until several starts are allowed together, but no longer than this, us. */
const TOGETHER_US = 50_000;

/**
 * Lua: a function that takes the settings `concurrency` and `rate` of a queue, false for no limit. It returns a table. `slots`: how
 * many more jobs may run. `starts`: how many attempts the rate allows now. `at`: when it allows more, Unix ms. For `chargeStarts`:
 * `used`, the time up to which the rate is used, and `each`, the time for each start, us.
 *
 * A job runs while it is in a pending list, so no crash can keep a slot. The rate is one value (GCRA): when all starts so far
 * would have come, if they had come evenly. It is never believed to be further ahead than the burst (`isAhead`), so that a new rate
 * acts at once.
 */
export const LIMIT_ROOM = `function(concurrency, perTime)
  local room = { slots = math.huge, starts = math.huge, at = now }
  if concurrency then
    room.slots = tonumber(concurrency) or math.huge
    for place = 1, 5 do
      local groups = redis.pcall('XINFO', 'GROUPS', stream[place])
      for _, group in ipairs(groups) do room.slots = room.slots - toMap(group).pending end
    end
  end
  local most, perMs, burst = string.match(perTime or '', '^(%d+) (%d+) (%d+)$')
  if most then
    local nowUs, each = time[1] * 1000000 + time[2], perMs * 1000 / most
    local ahead = each * burst
    local stored = tonumber(redis.call('GET', rateUse)) or 0
    local used = math.min(math.max(stored, nowUs), nowUs + ahead)
    room.isAhead = stored > used + 1
    local together = math.max(1, math.min(math.floor(burst / 2), math.floor(${TOGETHER_US} / each)))
    room.starts = math.floor((nowUs + ahead - used) / each + 0.000001)
    room.at = math.ceil((used + together * each - ahead) / 1000)
    room.each, room.used, room.nowUs = each, used, nowUs
  end
  return room
end`;

/** Lua: `roomOf(concurrency, rate)`; see `LIMIT_ROOM`. */
export const QUEUE_ROOM = defineFragment({
  queueKeys: ['stream', 'rateUse'],
  uses: [now, toMap],
  lua: `
local roomOf = ${LIMIT_ROOM}
`,
});

/**
 * Lua: `limits` is false in a queue without limits; for `keyed` see keys.ts. A take asks `limits.mostStarts(asked)` how many jobs it
 * may take, and tells `limits.started(asked, begun)` what it took. That returns the bits to add to the state of the reply, and when to
 * take again: Unix ms, false if only the end of a job can help, nil if the limits do not matter.
 *
 * Idle workers of a queue at its limit hear only wake tokens. So a consumer that leaves room for more wakes another one if it
 * could not take more itself; that one does the same. `limits.hasNews`: this call has made room, or was woken for it.
 */
export const LIMITS = defineFragment({
  queueKeys: ['stream', 'rateUse', 'wake', 'turns'],
  args: [{ list: 'completions' }],
  uses: [now, toMap, wakeWorkers],
  lua: `
local keyed = (queueSettings.limitsKeys or queueSettings.hasKeyed) and { firstHeld = {} }
local limits = (queueSettings.concurrency or queueSettings.rate or keyed) and { hasNews = #completions > 0 }
if limits then
  local roomOf = ${LIMIT_ROOM}
  local room
  -- Where only keys have limits, there is work for others if one of them may start a job.
  local isForAll = queueSettings.concurrency or queueSettings.rate
  local function wakeAnother()
    if not isForAll and keyed.first == nil then keyed.first = 5 - redis.call('EXISTS', turns) end
    if isForAll or keyed.first < 5 then wakeWorkers(wake, 1) end
  end
  limits.mostStarts = function(asked)
    room = roomOf(queueSettings.concurrency, queueSettings.rate)
    return math.max(0, math.min(asked, room.slots, room.starts))
  end
  limits.started = function(asked, begun)
    local hasSlots, hasStarts = room.slots > begun, room.starts > begun
    if room.used and (begun > 0 or room.isAhead) then
      local used = room.used + begun * room.each
      redis.call('SET', rateUse, string.format('%.2f', used), 'PX', math.ceil((used - room.nowUs) / 1000) + 1)
      room.at = room.at + math.ceil(begun * room.each / 1000)
    end
    if hasSlots and begun >= asked and (asked > 0 or limits.hasNews) then wakeAnother() end
    local bits = isForAll and 40 or 8
    if hasSlots and hasStarts then return bits end
    return bits + 16, hasSlots and room.at
  end
  limits.passOn = function()
    if limits.hasNews and roomOf(queueSettings.concurrency).slots > 0 then wakeAnother() end
  end
end
`,
});

/**
 * Lua: `refundStarts(rateUse, perTime, count)` gives starts back to the rate of a queue: of deliveries that ended before a handler
 * began. `perTime`: the setting `rate`, false for none.
 */
export const refundStarts = {
  name: 'refundStarts',
  lua: `
local function refundStarts(rateUse, perTime, count)
  local most, perMs = string.match(perTime or '', '^(%d+) (%d+) %d+$')
  local used = most and count > 0 and redis.call('GET', rateUse)
  if used then redis.call('SET', rateUse, string.format('%.2f', used - count * perMs * 1000 / most), 'KEEPTTL') end
end
`,
};
