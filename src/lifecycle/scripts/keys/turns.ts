import { inChunks, type LuaHelper, now } from '../../../redis/script/lua.ts';

/**
 * A score in `turns` is the index of the priority (from 1) times this, plus a time since `EPOCH_US`, us. In a fair queue that is the
 * last start of the key, else the time from which its first held job waits. Lua numbers are exact to 2 us there, until 2091.
 */
export const TURN_SPAN = 2 ** 51;
/** September 2020, us. */
const EPOCH_US = 1_600_000_000_000_000;

/** The Redis keys that say which keys of jobs may start one. */
export const KEYED_PLACES = ['holds', 'turns', 'runningKeys', 'runsFor', 'keyRates', 'keyTimes'] as const;

/** Lua pattern: the time in a member of `holds`, Unix ms; see `hold-class.ts`. */
export const HELD_SINCE = `(${'%d'.repeat(13)})%d*`;

/** Lua: `heldClass(key)`, the class of the jobs that wait in `holds` for their key: the two lines of `hold-class.ts`. */
export const heldClass: LuaHelper = {
  name: 'heldClass',
  lua: `
local function heldClass(key) return 'key:' .. key .. '\\n' end
`,
};

/**
 * Lua: `turnOf(held, at)`, the score of a key in `turns`. `held`: its first member of `holds`, or what such a member begins with.
 * `at`: from when its turn counts, us; false for the time from which that job waits.
 */
export const turnOf: LuaHelper = {
  name: 'turnOf',
  lua: `
local function turnOf(held, at)
  local priority, since = string.match(held, '\\n([1-4])[01]${HELD_SINCE} %S*$')
  return priority * ${TURN_SPAN} + math.min(${TURN_SPAN - 1}, math.max(0, (at or since * 1000) - ${EPOCH_US}))
end
`,
};

/**
 * Lua: `keyOf(options)`: the key of a job as JSON writes it, without its quotes; so it has no line break. nil for a job without a key.
 * Mostly the key is the only option. Other options are parsed, since metadata may have a member of that name, too.
 */
export const keyOf: LuaHelper = {
  name: 'keyOf',
  lua: `
local function keyOf(options)
  if not string.find(options, '"y":', 1, true) then return nil end
  local plain = string.match(options, '^{"y":"([^"\\\\]+)"')
  if plain then return plain end
  local isJson, parsed = pcall(cjson.decode, options)
  local key = isJson and type(parsed) == 'table' and parsed.y
  if type(key) ~= 'string' or key == '' or #key > 4096 then return nil end
  return (string.gsub(string.sub(cjson.encode(key), 2, -2), '\\\\/', '/'))
end
`,
};

/** Lua: `orderOf(id)`, a text for an entry id, so that texts compare as ids do. Sequence numbers are no texts of one length. */
export const orderOf: LuaHelper = {
  name: 'orderOf',
  lua: `
local LENGTHS = { '1', '2', '3', '4', '5', '6', '7', '8', '9' }
local function orderOf(id)
  local ms, seq = string.match(id, '^(%d+)%-(%d+)$')
  if #ms ~= 13 then ms = string.format('%013.0f', ms) end
  if seq == '0' then return ms end
  return ms .. (LENGTHS[#seq] or '9') .. (#seq > 9 and string.sub(seq, 1, 9) or seq)
end
`,
};

/** Lua: `heldStart(key, place)`: what the places of all jobs of a lane with that key begin with. */
export const heldStart: LuaHelper = {
  name: 'heldStart',
  uses: [heldClass],
  lua: `
local function heldStart(key, place) return heldClass(key) .. '\\n' .. place .. '1' end
`,
};

/**
 * Lua: `heldPlace(key, place, id)`: where a job of a lane with that key waits in `holds`: its member without the ref. It follows from
 * the entry alone, so such a job needs no note.
 */
export const heldPlace: LuaHelper = {
  name: 'heldPlace',
  uses: [heldStart, orderOf],
  lua: `
local function heldPlace(key, place, id) return heldStart(key, place) .. orderOf(id) .. ' ' end
`,
};

/** Lua: `ownHeldPlace(place, id, options)`: `heldPlace` of the job with that entry; nil for one without a key, or that is parked. */
export const ownHeldPlace: LuaHelper = {
  name: 'ownHeldPlace',
  uses: [keyOf, heldPlace],
  lua: `
local function ownHeldPlace(place, id, options)
  local key = place < 5 and options and keyOf(options)
  return key and heldPlace(key, place, id) or nil
end
`,
};

/** Lua: the setting `fair`, asked for where jobs with keys have ended. */
export const IS_FAIR = `#keysEnded > 0 and redis.call('HGET', settings, 'fair')`;

/**
 * Lua: `findKeys(runsFor, ended, isKeyed)` returns those of the ended jobs that have run for a key, for `endKeys`. `ended`: pairs of a
 * key that is known already, or false, and a ref. `isKeyed`: false where no job runs for a key, nil where that is not known.
 */
export const findKeys: LuaHelper = {
  name: 'findKeys',
  uses: [inChunks],
  lua: `
local function findKeys(runsFor, ended, isKeyed)
  local refs, known, found = {}, {}, {}
  for i = 1, #ended, 2 do
    refs[#refs + 1] = ended[i + 1]
    if ended[i] then known[ended[i + 1]] = ended[i] end
  end
  local at = 0
  if isKeyed ~= false then
    inChunks(refs, function(...)
      for _, key in ipairs(redis.call('HMGET', runsFor, ...)) do
        at = at + 1
        known[refs[at]] = key or known[refs[at]]
      end
    end)
  end
  for _, ref in ipairs(refs) do
    if known[ref] then found[#found + 1], found[#found + 2] = known[ref], ref end
  end
  return found
end
`,
};

/**
 * Lua: `endKeys(runsFor, runningKeys, holds, turns, ended, fair, firstHeld)`: jobs with keys no longer run. `ended`: keys and refs, one
 * after the other. `fair`: the setting. Keys with held jobs get a turn; the first two members of each are noted in `firstHeld`, if that
 * is given. Returns how many these keys are: each may need a worker.
 */
export const endKeys: LuaHelper = {
  name: 'endKeys',
  uses: [now, inChunks, heldClass, turnOf],
  lua: `
local function endKeys(runsFor, runningKeys, holds, turns, ended, fair, firstHeld)
  if #ended == 0 then return 0 end
  local members, refs, keys, waiting = {}, {}, {}, {}
  for i = 1, #ended, 2 do
    local n = #refs + 1
    members[n], refs[n] = ended[i] .. '\\n' .. ended[i + 1], ended[i + 1]
    keys[ended[i]] = true
  end
  inChunks(members, function(...) redis.call('ZREM', runningKeys, ...) end)
  inChunks(refs, function(...) redis.call('HDEL', runsFor, ...) end)
  if redis.call('EXISTS', holds) == 0 then return 0 end
  local at, most = fair and now * 1000, firstHeld and 2 or 1
  for key in pairs(keys) do
    local from = heldClass(key) .. '\\n'
    local first = redis.call('ZRANGE', holds, '[' .. from, '(' .. from .. '\\255', 'BYLEX', 'LIMIT', 0, most)
    if firstHeld then firstHeld[key] = first end
    if first[1] then waiting[#waiting + 1], waiting[#waiting + 2] = turnOf(first[1], at), key end
  end
  inChunks(waiting, function(...) redis.call('ZADD', turns, 'LT', ...) end)
  return #waiting / 2
end
`,
};

/**
 * Lua: `refundKeys(settings, keyRates, ended, isUnbegun)` gives keys a start back, of deliveries that ended before a handler began. A job
 * that waits for its key needs no more than the turn that `endKeys` gives it. `ended`: as in `endKeys`. `isUnbegun`: has the refs of
 * these deliveries; nil stands for all.
 */
export const refundKeys: LuaHelper = {
  name: 'refundKeys',
  lua: `
local function refundKeys(settings, keyRates, ended, isUnbegun)
  local perTime = #ended > 0 and redis.call('HGET', settings, 'keyRate')
  local most, perMs = string.match(perTime or '', '^(%d+) (%d+) %d+$')
  if not most then return end
  for i = 1, #ended, 2 do
    if not isUnbegun or isUnbegun[ended[i + 1]] then
      redis.call('ZADD', keyRates, 'XX', 'INCR', string.format('%.0f', -perMs * 1000 / most), ended[i])
    end
  end
end
`,
};
