import { GROUP } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineFragment } from '../../../redis/script/define-script.ts';
import { bytesOf, inChunks, isAfter, letters } from '../../../redis/script/lua.ts';
import { heldStart, keyOf, orderOf, turnOf } from '../keys/turns.ts';

/** Entries that one take sorts: bounds the time for which it keeps Redis busy. Their bytes are bounded, too. */
const MOST_SORTED = 300;
/** Entries that a read asks for beyond the wanted jobs, once a key has held a job back. Each further read asks for twice as many. */
const AHEAD = 8;
/**
 * While a lane of a fair queue has unsorted entries, a take sorts this many for each job that it starts. Else one key could start
 * thousands of jobs before a take sees the keys behind them.
 */
const SORTED_PER_START = 60;

/**
 * Lua: in a queue with limits for keys, `takeLane` starts held jobs by their turn, then reads entries of the lane. A job whose key has
 * room, and no older job held, starts at once; the others go into `holds`, each into the class of its key. So every entry of a lane is
 * looked at once, however long it waits. In a fair queue all jobs with a key go there first.
 * A job without a key starts at once, or waits in `due` if there is no room. In a fair queue it waits under the empty key.
 * `keyed.hasMore`: the take has sorted all that it may, and there is more.
 */
export const SORT_LANE = defineFragment({
  queueKeys: ['settings', 'stream', 'notes', 'due', 'holds', 'turns', 'keyTimes'],
  args: ['consumer', 'firstRead'],
  uses: [letters, bytesOf, inChunks, isAfter, heldStart, keyOf, orderOf, turnOf],
  lua: `
if keyed then
  local takePlain, quota, sortBudget, readBytes, readCount = takeLane, ${MOST_SORTED}, byteBudget, 0, 0
  -- Keys without room: the end of a running job, or the time, gives them their turn.
  local full, ahead = {}, 0

  -- Most jobs of a key have the same options.
  local keys = {}
  local function keyIn(fields)
    local options = fields[5] == 'o' and fields[6]
    local key = options and keys[options]
    if options and key == nil then
      key = keyOf(options) or false
      keys[options] = key
    end
    return key or queueSettings.fair and #fields == 6 and ''
  end

  -- Once a key has held a job back, most of the next entries are held, too. So they are not pending, and the few that start are claimed.
  local function readEntries(place, size, isPending)
    if isPending then
      return redis.pcall('XREADGROUP', 'GROUP', '${GROUP}', consumer, 'COUNT', size, 'STREAMS', stream[place], '>')
    end
    return redis.pcall('XREADGROUP', 'GROUP', '${GROUP}', consumer, 'COUNT', size, 'NOACK', 'STREAMS', stream[place], '>')
  end

  local function makePending(place, started, others, isPending)
    if isPending then
      if #others > 0 then redis.call('XACK', stream[place], '${GROUP}', unpack(others)) end
    elseif #started > 0 then
      for _, text in ipairs({ 'RETRYCOUNT', 1, 'FORCE', 'JUSTID' }) do started[#started + 1] = text end
      redis.call('XCLAIM', stream[place], '${GROUP}', consumer, 0, unpack(started))
    end
  end

  -- Entries of one read that wait for their keys, as arguments of the commands that put them into their places.
  local function sortEntries(place, entries, last, isPending)
    local started, ids, members, noted, turning, hasTurn, starts = {}, {}, {}, {}, {}, {}, {}
    local healUntil, isFair = queueSettings.healUntil[place], queueSettings.fair
    local function mayStart(key)
      if full[key] or hasTurn[key] or isFair or healUntil then return false end
      local isFree, from = keyed.hasRoom(key)
      if from then redis.call('ZADD', keyTimes, from, key) end
      full[key] = not isFree
      return isFree and free > 0 and #refs < last and not keyed.firstOf(key)[1]
    end
    local function holdFor(key, ref, entry)
      local start, n = starts[key], #members
      if not start then
        start = heldStart(key, place)
        starts[key], keyed.firstHeld[key] = start, nil
      end
      local prefix = start .. orderOf(entry[1]) .. ' '
      ids[#ids + 1] = entry[1]
      -- A number would have to be printed.
      members[n + 1], members[n + 2] = '0', prefix .. ref
      -- The place of a job with a key follows from its entry.
      if key == '' then noted[#noted + 1], noted[#noted + 2] = ref .. ${NOTE.heldAs}, prefix end
      if not full[key] and not hasTurn[key] then
        turning[#turning + 1], turning[#turning + 2] = turnOf(prefix, isFair and keyed.nowUs), key
        hasTurn[key] = true
      end
    end
    for _, entry in ipairs(entries) do
      local ref, fields = LETTERS[place] .. entry[1], entry[2]
      readCount, readBytes = readCount + 1, readBytes + bytesOf(fields)
      if not healUntil or isAfter(entry[1], healUntil) or not putBack(place, entry[1], fields[6]) then
        local key = keyIn(fields)
        if key and mayStart(key) then
          keyed.start(key, ref)
          deliver(ref, fields)
          started[#started + 1] = entry[1]
        elseif key then holdFor(key, ref, entry)
        elseif free > 0 and #refs < last then
          deliver(ref, fields)
          started[#started + 1] = entry[1]
        else
          ids[#ids + 1] = entry[1]
          redis.call('ZADD', due[place], string.match(entry[1], '^%d+'), ref)
        end
      end
    end
    makePending(place, started, ids, isPending)
    if #members == 0 then return end
    inChunks(members, function(...) redis.call('ZADD', holds, ...) end)
    inChunks(noted, function(...) redis.call('HSET', notes, ...) end)
    hasNotes = hasNotes or #noted > 0
    keyed.addsTo('')
    ahead = math.max(${AHEAD}, 2 * ahead)
    if #turning == 0 then return end
    inChunks(turning, function(...) redis.call('ZADD', turns, 'LT', ...) end)
    keyed.first = nil
  end

  -- Sorts some entries of a lane; true when there may be more.
  local function sortSome(place, wanted, last)
    local size = math.min(wanted, quota, readCount == 0 and math.max(1, tonumber(firstRead)) or wanted)
    if readCount > 0 then
      size = math.min(size, math.max(1, math.floor((sortBudget - readBytes) * readCount / math.max(1, readBytes))))
    end
    local isPending = ahead == 0 or queueSettings.healUntil[place]
    local found = readEntries(place, size, isPending)
    if found and found.err then
      -- As takeLane does.
      keyed.finish()
      flushEvents()
      error(found.err, 0)
    end
    local entries = found and found[1][2] or {}
    sortEntries(place, entries, last, isPending)
    quota = quota - size
    local healUntil, id = queueSettings.healUntil[place], entries[#entries] and entries[#entries][1]
    if healUntil and (not id or id == healUntil or isAfter(id, healUntil)) then
      redis.call('HDEL', settings, 'heal:' .. place)
      queueSettings.healUntil[place] = false
    end
    return #entries == size
  end

  takeLane = function(place, limit)
    local last = #refs + math.min(limit, free)
    if last == #refs or keyed.hasMore then return end
    if not queueSettings.limitsKeys then
      keyed.takeTurns(place, limit)
      return takePlain(place, last - #refs)
    end
    if not queueSettings.fair then keyed.takeTurns(place, last - #refs) end
    local isMore, before = queueSettings.healUntil[place] or redis.call('XLEN', stream[place]) > 0, readCount
    while isMore and quota > 0 and readBytes < sortBudget and (queueSettings.fair or #refs < last and free > 0) do
      isMore = sortSome(place, queueSettings.fair and quota or last - #refs + ahead, last)
      if not queueSettings.fair then keyed.takeTurns(place, last - #refs) end
    end
    if queueSettings.fair then
      local most = isMore and math.max(1, math.floor((readCount - before) / ${SORTED_PER_START})) or last - #refs
      keyed.takeTurns(place, math.min(most, last - #refs))
    end
    if isMore and free > 0 then keyed.hasMore = true end
  end
end
`,
});
