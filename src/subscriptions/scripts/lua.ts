import { KEPT_ENTRIES } from '../../events/limits.ts';
import { isAfter, type LuaHelper, toMap } from '../../redis/script/lua.ts';

/** Prefix of the consumer groups of subscriptions. */
const GROUP_PREFIX = 'sub:';

/** The consumer group of a subscription. */
export const groupOf = (name: string): string => `${GROUP_PREFIX}${name}`;

/** Lua: `groupInfo(events, group)`, what XINFO says of the group, or nil. */
export const groupInfo: LuaHelper = {
  name: 'groupInfo',
  uses: [toMap],
  lua: `
local function groupInfo(events, group)
  if redis.call('EXISTS', events) == 0 then return nil end
  for _, one in ipairs(redis.call('XINFO', 'GROUPS', events)) do
    local info = toMap(one)
    if info.name == group then return info end
  end
end
`,
};

/** Lua: `extent(events)`, how many entries the stream was given, and how many of them are gone. */
export const extent: LuaHelper = {
  name: 'extent',
  uses: [toMap],
  lua: `
local function extent(events)
  local info = toMap(redis.call('XINFO', 'STREAM', events))
  return info['entries-added'], info['entries-added'] - info.length
end
`,
};

/** Lua: `makeGroup(events, group, from)` makes the group at 'now' or 'oldest', with the count from which the backlog is counted. */
export const makeGroup: LuaHelper = {
  name: 'makeGroup',
  uses: [extent],
  lua: `
local function makeGroup(events, group, from)
  redis.call('XGROUP', 'CREATE', events, group, '$', 'MKSTREAM')
  local added, dropped = extent(events)
  if from == 'now' then redis.call('XGROUP', 'SETID', events, group, '$', 'ENTRIESREAD', added)
  else redis.call('XGROUP', 'SETID', events, group, '0-0', 'ENTRIESREAD', dropped) end
end
`,
};

/** Lua: `updateHold(settings, subscriptions)` keeps as many entries as the greatest subscription asks for; there are few. */
export const updateHold: LuaHelper = {
  name: 'updateHold',
  lua: `
local function updateHold(settings, subscriptions)
  local most = 0
  for _, text in ipairs(redis.call('HVALS', subscriptions)) do most = math.max(most, cjson.decode(text).max) end
  if most > ${KEPT_ENTRIES} then redis.call('HSET', settings, 'hold', most) else redis.call('HDEL', settings, 'hold') end
end
`,
};

/** Entries of one trim: bounds the time for which it keeps Redis busy. */
const MOST_DROPPED = 5_000;

/**
 * Lua: `trimEvents(events, subscriptions)` drops entries that no subscription needs or may still hold back, down to those that are kept
 * anyway. It goes on from the subscription that is furthest behind: up to its first entry nothing is needed; behind that,
 * the entries stay that the subscriptions before it may hold back. Drops a bounded number of entries, and returns whether there
 * may be more to drop.
 */
export const trimEvents: LuaHelper = {
  name: 'trimEvents',
  uses: [isAfter, toMap],
  lua: `
local function trimEvents(events, subscriptions)
  if redis.call('XLEN', events) <= ${KEPT_ENTRIES} then return false end
  local held, keep, isMore = {}, ${KEPT_ENTRIES}, false
  for _, one in ipairs(redis.call('XINFO', 'GROUPS', events)) do
    local info = toMap(one)
    local options = redis.call('HGET', subscriptions, string.sub(info.name, ${GROUP_PREFIX.length + 1}))
    local first = info.pending > 0 and redis.call('XPENDING', events, info.name)[2] or info['last-delivered-id']
    held[#held + 1] = { first = first, max = options and cjson.decode(options).max or 0 }
  end
  table.sort(held, function(one, other) return isAfter(other.first, one.first) end)
  local function drop(how, upTo)
    local extra = redis.call('XLEN', events) - keep
    if extra < 1 then return false end
    local dropped = redis.call('XTRIM', events, how, '~', upTo, 'LIMIT', math.min(extra, ${MOST_DROPPED}))
    isMore = dropped > 0 and extra > ${MOST_DROPPED}
    return not isMore
  end
  for _, one in ipairs(held) do
    if not drop('MINID', one.first) then return isMore end
    keep = math.max(keep, one.max)
  end
  drop('MAXLEN', keep)
  return isMore
end
`,
};

/** Lua: `countEvents(fields)`, the number of events in an entry. */
export const countEvents: LuaHelper = {
  name: 'countEvents',
  lua: `
local function countEvents(fields)
  local count = 0
  for i = 1, #fields, 2 do
    if fields[i] == 'j' then count = count + 1 + select(2, string.gsub(fields[i + 1], ' ', '')) end
  end
  return count
end
`,
};
