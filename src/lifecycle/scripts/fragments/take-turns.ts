import { GROUP } from '../../../redis/keys.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { HELD_SINCE, TURN_SPAN, turnOf } from '../keys/turns.ts';
import { CLAIM_NOTES, NOTES_OF_CLAIM, SPLIT_REF } from './take.ts';

/** The most keys that one take looks at without starting a job of theirs. Most of these are at their limit. */
const MOST_TRIED = 100;
/** Keys of one round. */
const ROUND = 50;

/**
 * Lua: `keyed.takeTurns(priority, limit)` starts at most `limit` held jobs: one of each key by their turns, then one more of each.
 * `keyed.first` is the index of the priority of the first turn: 5 if no key has a turn, nil if the take has not looked yet.
 */
export const TAKE_TURNS = defineFragment({
  queueKeys: ['stream', 'due', 'holds', 'turns', 'notes', 'keyTimes'],
  args: ['consumer', 'firstRead', 'maxBytes'],
  uses: [turnOf],
  lua: `
if keyed then
  local most = tonumber(queueSettings.keyConcurrency)
  local function nextTurn(held) return turnOf(held, queueSettings.fair and keyed.nowUs + 2 * keyed.count) end

  -- Where the job of a key is no longer there, the next one may start.
  local function startOne(one, noted)
    -- The head of a first delivery out of a lane is short.
    if one.entry and one.place < 5 and not hasNotes then deliver(one.ref, one.entry[2])
    else
      local at = tonumber(string.match(one.prefix, '\\n%d%d${HELD_SINCE} $'))
      if not claim(one.ref, at, one.prefix, noted, one.entry) then return one.turn end
    end
    keyed.start(one.key, one.ref)
    local atLimit = most == 1 and one.key ~= ''
    return one.second and not atLimit and nextTurn(one.second)
  end

  -- The first held jobs of the keys that may start one, and the notes of these jobs, where there are any.
  local function candidates(keys, priority, again)
    local found, fields = {}, {}
    for _, key in ipairs(keys) do
      local members = keyed.firstOf(key)
      local turn = members[1] and nextTurn(members[1])
      if turn and math.floor(turn / ${TURN_SPAN}) ~= priority then again[key] = turn
      elseif turn then
        local isFree, from = keyed.hasRoom(key)
        if from then redis.call('ZADD', keyTimes, from, key) end
        if isFree then
          local prefix, ref = string.match(members[1], '^(.* )(%S+)$')
          local place, id = ${SPLIT_REF}
          found[#found + 1] = { key = key, prefix = prefix, ref = ref, place = place, id = id, turn = turn,
            member = members[1], second = members[2] }
          for _, field in ipairs(hasNotes and { ${CLAIM_NOTES} } or {}) do fields[#fields + 1] = field end
        end
      end
    end
    return found, #fields > 0 and redis.call('HMGET', notes, unpack(fields)) or {}
  end

  -- Claims jobs together that were never delivered before, as many as there may be room for. The rest is claimed one by one.
  local function claimTogether(found, noted, from)
    local fit = #refs == 0 and firstRead or byteBudget * #refs / math.max(1, maxBytes - byteBudget)
    local place, chosen, ids = found[from].place, {}, {}
    for i = from, math.min(#found, from + math.max(1, math.floor(fit)) - 1) do
      local one, first = found[i], ${NOTES_OF_CLAIM} * (i - 1)
      if not noted[first + 1] and one.place == place then
        one.entry = false
        chosen[one.id], ids[#ids + 1] = one, one.id
      end
    end
    if #ids == 0 then return end
    for _, text in ipairs({ 'RETRYCOUNT', 1, 'FORCE' }) do ids[#ids + 1] = text end
    for _, entry in ipairs(redis.call('XCLAIM', stream[place], '${GROUP}', consumer, 0, unpack(ids))) do
      chosen[entry[1]].entry = entry
    end
  end

  -- A release that does not know limits for keys may have made held jobs due: these would run twice.
  local function leaveDue(found)
    if #found == 0 or redis.call('EXISTS', due[1], due[2], due[3], due[4], due[5]) == 0 then return end
    for _, one in ipairs(found) do
      local place = one.place
      redis.call('ZREM', due[place], one.ref)
    end
  end

  -- A key that cannot start another job now leaves the turns. The end of one of its jobs, or its rate, adds it again.
  local function startRound(keys, priority)
    local again, gone, scores, left, started = {}, {}, {}, {}, {}
    local found, noted = candidates(keys, priority, again)
    for i, one in ipairs(found) do
      if free > 0 and one.entry == nil then claimTogether(found, noted, i) end
      if free > 0 then
        left[#left + 1], started[#started + 1] = one.member, one
        keyed.firstHeld[one.key] = nil
        again[one.key] = startOne(one, { unpack(noted, ${NOTES_OF_CLAIM} * (i - 1) + 1, ${NOTES_OF_CLAIM} * i) })
      else
        again[one.key] = one.turn
        local place = one.place
        if one.entry then redis.call('XACK', stream[place], '${GROUP}', one.id) end
      end
    end
    for _, key in ipairs(keys) do
      if again[key] then scores[#scores + 1], scores[#scores + 2] = again[key], key
      else gone[#gone + 1] = key end
    end
    if #left > 0 then redis.call('ZREM', holds, unpack(left)) end
    leaveDue(started)
    if #gone > 0 then redis.call('ZREM', turns, unpack(gone)) end
    if #scores > 0 then redis.call('ZADD', turns, unpack(scores)) end
    keyed.first = nil
  end

  keyed.takeTurns = function(priority, limit)
    if not keyed.first then
      local score = redis.call('ZRANGE', turns, 0, 0, 'WITHSCORES')[2]
      keyed.first = score and math.floor(score / ${TURN_SPAN}) or 5
    end
    if keyed.first > priority then return end
    local tried, last = 0, #refs + math.min(limit, free)
    local heals = queueSettings.healUntil
    if heals[1] or heals[2] or heals[3] or heals[4] then
      -- The groups deliver held jobs again: claimed before, they would run twice. The lanes are read to their ends first.
      keyed.waitsForHeal = true
      return
    end
    while free > 0 and #refs < last and tried < ${MOST_TRIED} do
      local base, wanted = priority * ${TURN_SPAN}, math.min(last - #refs, ${ROUND})
      local keys = redis.call('ZRANGE', turns, base, '(' .. string.format('%.0f', base + ${TURN_SPAN}), 'BYSCORE', 'LIMIT', 0, wanted)
      if #keys == 0 then return end
      local before = #refs
      startRound(keys, priority)
      tried = tried + #keys - (#refs - before)
    end
    if free > 0 and #refs < last then keyed.hasMore = true end
  end
end
`,
});
