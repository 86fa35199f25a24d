import { defineFragment } from '../../../redis/script/define-script.ts';
import { now } from '../../../redis/script/lua.ts';
import { orderOf } from '../keys/turns.ts';
import { RANK_SPAN, setRankedTime } from '../lua.ts';

/** Entries of one read of parked jobs, and reads of one take, while others may stand before those wanted. */
const PARKED_PAGE = 200;
const PARKED_PAGES = 5;

/**
 * Lua: `takeDue(priority, most)` takes at most that many jobs of a priority (index from 1) that are due, the longest due first.
 * Both are nil where nothing can be due. `findNextDue()` then sets `nextDue`, when the next job of any priority is due.
 *
 * Due jobs of a lane that heals are delivered by its group: claimed before, they would run twice.
 *
 * `scheduled` and the due jobs of `parked` mix the priorities. Those of a job that is not in `ranked` is normal. A ranked job
 * that stands before normal ones steps aside: its time there becomes negative. A release without `ranked` takes it all the same.
 */
export const TAKE_DUE = defineFragment({
  queueKeys: ['scheduled', 'due', 'ranked'],
  uses: [now, orderOf, setRankedTime],
  lua: `
local nextDue, takeDue, findNextDue
if hasSideState then
  local waiting, firsts, hasRanked = { due[1], due[2], due[3], due[4], due[5], scheduled }

  local function isDue(set) return firsts[set] and firsts[set] <= now end
  local function firstOf(set) return tonumber(redis.call('ZRANGE', waiting[set], 0, 0, 'WITHSCORES')[2]) end
  local function readFirsts()
    if firsts then return end
    firsts = {}
    if redis.call('EXISTS', unpack(waiting)) == 0 then return end
    for set = 1, 6 do firsts[set] = firstOf(set) end
    hasRanked = (isDue(5) or isDue(6)) and redis.call('EXISTS', ranked) == 1
  end

  local function takeDueJob(set, ref, at)
    claim(ref, at)
    redis.call('ZREM', waiting[set], ref)
    if hasRanked then setRankedTime(ranked, ref, ${RANK_SPAN - 1}) end
  end

  local function addOfLane(found, priority, most)
    if not isDue(priority) or queueSettings.healUntil[priority] then return end
    local page = redis.call('ZRANGE', waiting[priority], '-inf', now, 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
    for i = 1, #page, 2 do found[#found + 1] = { priority, page[i], tonumber(page[i + 1]) } end
  end

  local function addRanked(found, priority, most)
    local base = priority * ${RANK_SPAN}
    for _, ref in ipairs(redis.call('ZRANGE', ranked, base, base + now, 'BYSCORE', 'LIMIT', 0, most)) do
      local set, at = 6, tonumber(redis.call('ZSCORE', scheduled, ref))
      if not at then set, at = 5, tonumber(redis.call('ZSCORE', due[5], ref)) end
      at = at and math.abs(at)
      if at and at <= now then found[#found + 1] = { set, ref, at }
      -- A release without ranks has moved the job.
      elseif at then setRankedTime(ranked, ref, at)
      else redis.call('ZREM', ranked, ref) end
    end
  end

  local function addNormal(found, set, most)
    -- Jobs of one time lie there by their texts, and those of a key start by their ids.
    local size, seen = (hasRanked or keyed) and math.max(most, ${PARKED_PAGE}) or most, 0
    for _ = 1, isDue(set) and ${PARKED_PAGES} or 0 do
      local page = redis.call('ZRANGE', waiting[set], 0, now, 'BYSCORE', 'LIMIT', seen, size, 'WITHSCORES')
      local names, aside = {}, {}
      for i = 1, #page, 2 do names[#names + 1] = page[i] end
      local ranks = hasRanked and #names > 0 and redis.call('ZMSCORE', ranked, unpack(names)) or {}
      for i, ref in ipairs(names) do
        local at, n = tonumber(page[2 * i]), #aside
        if ranks[i] then
          aside[n + 1], aside[n + 2] = -math.max(1, at), ref
          if ranks[i] % ${RANK_SPAN} > now then setRankedTime(ranked, ref, at) end
        else
          found[#found + 1] = { set, ref, at }
          seen = seen + 1
        end
      end
      if #aside > 0 then redis.call('ZADD', waiting[set], unpack(aside)) end
      if seen >= most or #names < size then break end
    end
  end

  local orders = {}
  local function orderOfRef(ref)
    orders[ref] = orders[ref] or orderOf(string.sub(ref, 2))
    return orders[ref]
  end
  local function isSooner(one, other)
    if one[3] ~= other[3] then return one[3] < other[3] end
    local order, otherOrder = orderOfRef(one[2]), orderOfRef(other[2])
    if order ~= otherOrder then return order < otherOrder end
    return one[2] < other[2]
  end

  takeDue = function(priority, limit)
    local most, found = math.min(limit, free), {}
    if most < 1 then return end
    readFirsts()
    addOfLane(found, priority, most)
    if priority == 3 then
      addNormal(found, 5, most)
      addNormal(found, 6, most)
    elseif hasRanked then addRanked(found, priority, most) end
    table.sort(found, isSooner)
    for i = 1, math.min(most, #found) do
      if free > 0 then takeDueJob(unpack(found[i])) end
    end
  end

  findNextDue = function()
    readFirsts()
    for set = 1, 6 do
      local first = firsts[set]
      if isDue(set) then first = firstOf(set) end
      if first then nextDue = math.min(nextDue or first, first) end
    end
  end
end
`,
});
