import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript, KEPT_ENTRIES } from '../../redis/script.ts';

/** Subscriptions of one queue; each is looked at when events are trimmed. */
export const MOST_SUBSCRIPTIONS = 100;

const GROUP_PREFIX = 'sub:';

/** The consumer group of a subscription. */
export const groupOf = (name: string): string => `${GROUP_PREFIX}${name}`;

/** What is stored of a subscription in the hash of all of them. */
export interface StoredSubscription {
  /** When it was made, Unix ms. */
  at: number;
  /** Entries that are kept for it. */
  max: number;
  /** After how many ms an event that is not acknowledged is handed out again. */
  wait: number;
}

/**
 * Lua that the scripts of subscriptions share.
 *
 * - `groupInfo(events, group)`: of XINFO GROUPS, or nil
 * - `extent(events)`: entries that the stream was given, and those of them that it has no more
 * - `makeGroup(events, group, from)`: from 'now' or 'oldest' on, with the count from which the backlog is counted
 * - `hold(settings, subscriptions)`: keeps as many entries as the greatest subscription wants, or no more than others
 * - `trim(events, subscriptions)`: drops what no subscription needs, and what one that needs it may not hold back any more,
 *   down to what is kept anyway. From the one that is furthest behind on: up to its first entry nothing is needed, and beyond
 *   it the entries that all those before may hold back are left
 *
 * Loops go over the subscriptions of a queue, which are few.
 */
export const SUBSCRIPTIONS = `
local function groupInfo(events, group)
  if redis.call('EXISTS', events) == 0 then return nil end
  for _, one in ipairs(redis.call('XINFO', 'GROUPS', events)) do
    local info = flat(one)
    if info.name == group then return info end
  end
end
local function extent(events)
  local info = flat(redis.call('XINFO', 'STREAM', events))
  return info['entries-added'], info['entries-added'] - info.length
end
local function makeGroup(events, group, from)
  redis.call('XGROUP', 'CREATE', events, group, '$', 'MKSTREAM')
  local added, dropped = extent(events)
  if from == 'now' then redis.call('XGROUP', 'SETID', events, group, '$', 'ENTRIESREAD', added)
  else redis.call('XGROUP', 'SETID', events, group, '0-0', 'ENTRIESREAD', dropped) end
end
local function hold(settings, subscriptions)
  local most = 0
  for _, text in ipairs(redis.call('HVALS', subscriptions)) do most = math.max(most, cjson.decode(text).max) end
  if most > ${KEPT_ENTRIES} then redis.call('HSET', settings, 'hold', most) else redis.call('HDEL', settings, 'hold') end
end
local function trim(events, subscriptions)
  if redis.call('XLEN', events) <= ${KEPT_ENTRIES} then return end
  local held, keep = {}, ${KEPT_ENTRIES}
  for _, one in ipairs(redis.call('XINFO', 'GROUPS', events)) do
    local info = flat(one)
    local options = redis.call('HGET', subscriptions, string.sub(info.name, ${GROUP_PREFIX.length + 1}))
    local first = info.pending > 0 and redis.call('XPENDING', events, info.name)[2] or info['last-delivered-id']
    held[#held + 1] = { first = first, max = options and cjson.decode(options).max or 0 }
  end
  table.sort(held, function(one, other) return isAfter(other.first, one.first) end)
  local function drop(how, upTo)
    local extra = redis.call('XLEN', events) - keep
    if extra > 0 then redis.call('XTRIM', events, how, '~', upTo, 'LIMIT', extra) end
    return extra > 0
  end
  for _, one in ipairs(held) do
    if not drop('MINID', one.first) then return end
    keep = math.max(keep, one.max)
  end
  drop('MAXLEN', keep)
end
`;

/** Lua: `eventsIn(fields)`, the number of events that an entry has. */
export const COUNT_EVENTS = `
local function eventsIn(fields)
  local count = 0
  for i = 1, #fields, 2 do
    if fields[i] == 'j' then count = count + 1 + select(2, string.gsub(fields[i + 1], ' ', '')) end
  end
  return count
end
`;

/** KEYS of what is done with one subscription: events, subscriptions, subscription. */
export const subscriptionKeys = (keys: QueueKeys, name: string): string[] => [
  keys.events,
  keys.subscriptions,
  keys.subscription(name),
];

/**
 * Makes a subscription, or changes what is given of one that is there.
 *
 * KEYS: events, settings, subscriptions. ARGV: name, group, 'now' | 'oldest', entries to keep or '', ms to acknowledge or
 *   '', both for a new one where they are '', most subscriptions.
 * Returns 'made' | 'known' | 'full'.
 */
export const subscribeScript = defineScript(
  'subscribe',
  `${SUBSCRIPTIONS}
local events, settings, subscriptions = unpack(KEYS)
local name, group, from, max, wait = unpack(ARGV)
local known = redis.call('HGET', subscriptions, name)
if not known and redis.call('HLEN', subscriptions) >= tonumber(ARGV[8]) then return 'full' end
local options = known and cjson.decode(known) or { at = now, max = tonumber(ARGV[6]), wait = tonumber(ARGV[7]) }
options.max, options.wait = tonumber(max) or options.max, tonumber(wait) or options.wait
redis.call('HSET', subscriptions, name, cjson.encode(options))
hold(settings, subscriptions)
-- One that is gone with its stream is made by the next read, which tells what is lost by that.
if not known and not groupInfo(events, group) then makeGroup(events, group, from) end
return known and 'known' or 'made'
`,
  { whenFull: 'refused' },
);

/**
 * Removes a subscription, and what was kept for it alone.
 *
 * KEYS: events, settings, subscriptions, subscription. ARGV: name, group. Returns 1, or 0 when there is none.
 */
export const unsubscribeScript = defineScript(
  'unsubscribe',
  `${SUBSCRIPTIONS}
local events, settings, subscriptions, subscription = unpack(KEYS)
if redis.call('HDEL', subscriptions, ARGV[1]) == 0 then return 0 end
redis.call('UNLINK', subscription)
hold(settings, subscriptions)
if groupInfo(events, ARGV[2]) then
  redis.call('XGROUP', 'DESTROY', events, ARGV[2])
  trim(events, subscriptions)
end
return 1
`,
);

export interface NewSubscription {
  from: 'now' | 'oldest';
  /** Undefined: as it is, or the default. */
  maxBacklog: number | undefined;
  ackWaitMs: number | undefined;
  defaults: { maxBacklog: number; ackWaitMs: number };
}

export async function subscribe(
  redis: Connection,
  keys: QueueKeys,
  name: string,
  { from, maxBacklog, ackWaitMs, defaults }: NewSubscription,
): Promise<'made' | 'known' | 'full'> {
  const own = [maxBacklog ?? '', ackWaitMs ?? '', defaults.maxBacklog, defaults.ackWaitMs];
  return (await subscribeScript.run(
    redis,
    [keys.events, keys.settings, keys.subscriptions],
    [name, groupOf(name), from, ...own, MOST_SUBSCRIPTIONS],
  )) as 'made' | 'known' | 'full';
}

/** False when there is none. */
export async function unsubscribe(redis: Connection, keys: QueueKeys, name: string): Promise<boolean> {
  const { events, settings, subscriptions } = keys;
  const all = [events, settings, subscriptions, keys.subscription(name)];
  return (await unsubscribeScript.run(redis, all, [name, groupOf(name)])) === 1;
}
