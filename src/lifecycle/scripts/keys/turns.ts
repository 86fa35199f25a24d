import { type LuaHelper, now } from '../../../redis/script/lua.ts';

/**
 * A score in `turns` is the index of the priority (from 1) times this, plus a time since `EPOCH_US`, us. In a fair queue that is the
 * last start of the key, else the time from which its first held job waits. Lua numbers are exact to 2 us there, until 2091.
 */
export const TURN_SPAN = 2 ** 51;
/** September 2020, us. */
const EPOCH_US = 1_600_000_000_000_000;

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
  local priority, since = string.match(held, '\\n([1-4])[01](%d+) %S*$')
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

/** Lua: the setting `fair`, asked for where jobs with keys have ended. */
export const IS_FAIR = `#keysEnded > 0 and redis.call('HGET', settings, 'fair')`;

/**
 * Lua: `endKeys(runningKeys, holds, turns, ended, fair)`: jobs with keys no longer run. `ended`: keys and refs, one after the
 * other. `fair`: the setting. Keys with held jobs get a turn. Returns how many these are: each may need a worker.
 */
export const endKeys: LuaHelper = {
  name: 'endKeys',
  uses: [now, heldClass, turnOf],
  lua: `
local function endKeys(runningKeys, holds, turns, ended, fair)
  if #ended == 0 then return 0 end
  local members, keys, waiting = {}, {}, {}
  for i = 1, #ended, 2 do
    members[#members + 1] = ended[i] .. '\\n' .. ended[i + 1]
    keys[ended[i]] = true
  end
  redis.call('ZREM', runningKeys, unpack(members))
  local at = fair and now * 1000
  for key in pairs(keys) do
    local from = heldClass(key) .. '\\n'
    local first = redis.call('ZRANGE', holds, '[' .. from, '(' .. from .. '\\255', 'BYLEX', 'LIMIT', 0, 1)[1]
    if first then waiting[#waiting + 1], waiting[#waiting + 2] = turnOf(first, at), key end
  end
  if #waiting > 0 then redis.call('ZADD', turns, 'LT', unpack(waiting)) end
  return #waiting / 2
end
`,
};

/**
 * Lua: `refundKeys(settings, keyRates, keys)` gives each key a start back, of a delivery that ended before a handler began. A job
 * that waits for its key needs no more than the turn that `endKeys` gives it.
 */
export const refundKeys: LuaHelper = {
  name: 'refundKeys',
  lua: `
local function refundKeys(settings, keyRates, keys)
  local perTime = #keys > 0 and redis.call('HGET', settings, 'keyRate')
  local most, perMs = string.match(perTime or '', '^(%d+) (%d+) %d+$')
  if not most then return end
  for _, key in ipairs(keys) do
    redis.call('ZADD', keyRates, 'XX', 'INCR', string.format('%.0f', -perMs * 1000 / most), key)
  end
end
`,
};
