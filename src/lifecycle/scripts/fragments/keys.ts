import { GROUP } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { inChunks, now } from '../../../redis/script/lua.ts';
import { PRIORITIES } from '../../../schemas/values/names.ts';
import { heldClass, heldPlace, KEYED_PLACES, keyOf, orderOf, turnOf } from '../keys/turns.ts';
import { SPLIT_REF } from './take.ts';

/** Keys whose rate allows the next start, of one take. */
const MOST_READY = 50;

/**
 * Lua: `keyed` is nil in a queue that has no limits for keys, is not fair, and holds no job for its key. Else its jobs with a key wait
 * in `holds`, in the class of that key, and start from there. `turns` has the keys that may have a job to start, the next one first.
 * It may have other keys, too: a take checks whether the key has a job and is below its limits, and removes the key if not.
 * So a script may add a key when in doubt. Each end of a job adds the key of that job, so that none is forgotten.
 *
 * `keyed.holdsBack(ref, fields, at)` looks at a job that has just become pending: true if it went to `holds` instead.
 * `keyed.start(key, ref)` counts one that starts. `keyed.begin()` comes before them, `keyed.finish(soonest)` at the end of the take.
 * `keyed.firstHeld` keeps what `keyed.firstOf` has read in this call. Code that changes the held jobs of a key clears it.
 */
export const KEYS = defineFragment({
  queueKeys: ['settings', 'stream', 'notes', ...KEYED_PLACES],
  uses: [now, inChunks, heldClass, heldPlace, keyOf, orderOf, turnOf],
  lua: `
if keyed then
  local nowUs = time[1] * 1000000 + time[2]
  keyed.nowUs, keyed.started, keyed.members, keyed.runs, keyed.count = nowUs, {}, {}, {}, 0
  local most, rate = tonumber(queueSettings.keyConcurrency), queueSettings.keyRate
  local starts, perMs, burst = string.match(rate or '', '^(%d+) (%d+) (%d+)$')
  local each = starts and perMs * 1000 / starts
  local used = {}

  -- Whether the key is below its concurrency; then when its rate allows a start, Unix ms, if that is later.
  keyed.hasRoom = function(key)
    if key == '' then return true end
    if most then
      local running = redis.call('ZLEXCOUNT', runningKeys, '[' .. key .. '\\n', '(' .. key .. '\\n\\255')
      if running + (keyed.started[key] or 0) >= most then return false end
    end
    if not each then return true end
    local ahead = each * burst
    if not used[key] then
      local stored = tonumber(redis.call('ZSCORE', keyRates, key)) or 0
      used[key] = math.min(math.max(stored, nowUs), nowUs + ahead)
      -- The rate was changed.
      if stored > used[key] + 1 then redis.call('ZADD', keyRates, used[key], key) end
    end
    if used[key] + each <= nowUs + ahead + 0.001 then return true end
    return false, math.ceil((used[key] + each - ahead) / 1000)
  end

  keyed.start = function(key, ref)
    if key == '' then return end
    keyed.started[key] = (keyed.started[key] or 0) + 1
    keyed.count = keyed.count + 1
    local n = #keyed.members
    keyed.members[n + 1], keyed.members[n + 2] = '0', key .. '\\n' .. ref
    keyed.runs[n + 1], keyed.runs[n + 2] = ref, key
    if each then used[key] = used[key] + each end
  end

  -- The first two held jobs of a key. Most queues with many keys hold none at most times.
  local mayHold
  keyed.firstOf = function(key)
    if mayHold == nil then mayHold = redis.call('EXISTS', holds) == 1 end
    if not mayHold then return {} end
    if not keyed.firstHeld[key] then
      local from = heldClass(key) .. '\\n'
      keyed.firstHeld[key] = redis.call('ZRANGE', holds, '[' .. from, '(' .. from .. '\\255', 'BYLEX', 'LIMIT', 0, 2)
    end
    return keyed.firstHeld[key]
  end

  -- Held jobs were added, one of this key.
  keyed.addsTo = function(key)
    mayHold, keyed.firstHeld[key] = true, nil
    if not queueSettings.hasKeyed then redis.call('HSET', settings, 'keyed', 1) end
    queueSettings.hasKeyed = true
  end

  -- Jobs of a key go in the order in which they came, also when they come back from a worker.
  local function placeOf(key, place, id, options, at)
    if place < 5 then return heldPlace(key, place, id) end
    local named = string.match(options, '"pr":"(%a+)"')
    local priority = ({ ${PRIORITIES.map((name, i) => `${name} = ${i + 1}`).join(', ')} })[named] or 3
    return heldClass(key) .. '\\n' .. priority .. '0' .. string.format('%013.0f', at) .. orderOf(id) .. ' '
  end

  keyed.holdsBack = function(ref, fields, at)
    local key = fields[5] == 'o' and keyOf(fields[6])
    if not key then return false end
    local place, id = ${SPLIT_REF}
    local prefix = placeOf(key, place, id, fields[6], at)
    local isFree, from = keyed.hasRoom(key)
    local first = isFree and keyed.firstOf(key)[1]
    if isFree and not (first and first < prefix .. ref) then
      -- A release that does not know limits for keys may have made a held job due.
      if first == prefix .. ref then
        redis.call('ZREM', holds, first)
        keyed.firstHeld[key] = nil
      end
      keyed.start(key, ref)
      return false
    end
    redis.call('XACK', stream[place], '${GROUP}', id)
    redis.call('ZADD', holds, 0, prefix .. ref)
    if place == 5 then
      redis.call('HSET', notes, ref .. ${NOTE.heldAs}, prefix)
      hasNotes = true
    end
    keyed.addsTo(key)
    -- The end of a running job adds its key by itself.
    if from then redis.call('ZADD', keyTimes, from, key)
    elseif isFree then redis.call('ZADD', turns, 'LT', turnOf(prefix, queueSettings.fair and nowUs), key) end
    keyed.first = nil
    return true
  end

  -- Keys whose rate allows the next start get their turn.
  keyed.begin = function()
    if not each then return end
    local ready = redis.call('ZRANGE', keyTimes, '-inf', now, 'BYSCORE', 'LIMIT', 0, ${MOST_READY})
    for _, key in ipairs(ready) do
      local first = keyed.firstOf(key)[1]
      if first then redis.call('ZADD', turns, 'LT', turnOf(first, queueSettings.fair and nowUs), key) end
    end
    if #ready > 0 then redis.call('ZREM', keyTimes, unpack(ready)) end
  end

  local function chargeRates()
    local scores = {}
    for key in pairs(keyed.started) do
      scores[#scores + 1], scores[#scores + 2] = string.format('%.0f', used[key]), key
    end
    redis.call('ZADD', keyRates, unpack(scores))
    -- A rate that is not used up says nothing.
    local past = redis.call('ZRANGE', keyRates, '-inf', nowUs, 'BYSCORE', 'LIMIT', 0, ${MOST_READY} + keyed.count)
    if #past > 0 then redis.call('ZREM', keyRates, unpack(past)) end
  end

  -- Writes what has started. Returns when the next job of the queue, or of a key, may start, Unix ms.
  keyed.finish = function(soonest)
    if keyed.count > 0 then
      inChunks(keyed.members, function(...) redis.call('ZADD', runningKeys, ...) end)
      inChunks(keyed.runs, function(...) redis.call('HSET', runsFor, ...) end)
      if not queueSettings.hasKeyed then redis.call('HSET', settings, 'keyed', 1) end
      if each then chargeRates() end
    end
    local first = each and tonumber(redis.call('ZRANGE', keyTimes, 0, 0, 'WITHSCORES')[2])
    return first and math.min(first, soonest or first) or soonest
  end
end
`,
});
