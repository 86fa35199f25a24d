import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';
import { COUNT_EVENTS, groupOf, SUBSCRIPTIONS, subscriptionKeys } from './subscribe.ts';

/** Entries of one call: how many events they have is known only afterwards, and those of an entry come together. */
const STEP = 16;
/**
 * Calls of one read that look for entries that are due again, each at ten times as many as it claims; the next read goes on
 * from there.
 */
const MOST_CLAIMS = 64;

/**
 * Hands out the next events of a subscription: first those that were handed out and not acknowledged in time.
 *
 * Lost entries are those that were dropped unread, which are counted by the numbers of entries (what the stream was given
 * and has no more, and what the group has read), and those handed out that are gone before all of them was acknowledged. A
 * group that is gone with its stream begins with what there is.
 *
 * KEYS: events, subscriptions, subscription. ARGV: name, group, events, about.
 * Returns {} when there is no such subscription, else { entries lost since that was last told, ms until the oldest
 *   that is not acknowledged is due again or -1, entries, for each of those that are handed out again the numbers of its events that
 *   were acknowledged, 1 when not all that may be due again was looked at, else 0 }.
 */
export const readScript = defineScript(
  'subscription-read',
  `${SUBSCRIPTIONS}${COUNT_EVENTS}
local events, subscriptions, subscription = unpack(KEYS)
local group, room = ARGV[2], tonumber(ARGV[3])
local known = redis.call('HGET', subscriptions, ARGV[1])
if not known then return {} end
local wait, lost = cjson.decode(known).wait, 0
local info = groupInfo(events, group)
if not info then
  makeGroup(events, group, 'oldest')
  info, lost = groupInfo(events, group), 1
  -- With it went what was known of single entries.
  local before = redis.call('HGET', subscription, 'lost')
  redis.call('UNLINK', subscription)
  if before then redis.call('HSET', subscription, 'lost', before) end
end
local _, dropped = extent(events)
local read = info['entries-read'] or dropped
if read < dropped then
  lost = lost + dropped - read
  redis.call('XGROUP', 'SETID', events, group, info['last-delivered-id'], 'ENTRIESREAD', dropped)
end

local entries, acked, largest = {}, {}, 1
local function take(found)
  for _, entry in ipairs(found) do
    local count = eventsIn(entry[2])
    entries[#entries + 1] = entry
    room, largest = room - count, math.max(largest, count)
  end
end
-- Those before tell how many events an entry may have; at first there are none.
local function step() return math.max(1, math.min(${STEP}, #entries, math.floor(room / largest))) end

local from, claims = redis.call('HGET', subscription, 'from') or '0-0', 0
local first, wasAtEnd = from, from == '0-0'
if info.pending > 0 then
  repeat
    claims = claims + 1
    local most = claims > 1 and #entries == 0 and ${STEP} or step()
    local claimed = redis.call('XAUTOCLAIM', events, group, 'reader', wait, from, 'COUNT', most)
    from, lost = claimed[1], lost + #claimed[3]
    for _, id in ipairs(claimed[3]) do redis.call('HDEL', subscription, 'p:' .. id) end
    for _, entry in ipairs(claimed[2]) do acked[#acked + 1] = redis.call('HGET', subscription, 'p:' .. entry[1]) or '' end
    take(claimed[2])
    -- What is before the place where this read began may be due as well.
    local isOver = from == '0-0' and (wasAtEnd or #entries > 0)
    wasAtEnd = wasAtEnd or from == '0-0'
  until isOver or room < 1 or claims >= ${MOST_CLAIMS}
  if from ~= first then redis.call('HSET', subscription, 'from', from) end
end
while room > 0 do
  local found = redis.call('XREADGROUP', 'GROUP', group, 'reader', 'COUNT', step(), 'STREAMS', events, '>')
  if not found then break end
  take(found[1][2])
end
if #acked == 0 and #entries == 0 then trim(events, subscriptions) end

if lost > 0 then redis.call('HINCRBY', subscription, 'lost', lost) end
local oldest = redis.call('XPENDING', events, group, '-', '+', 1)[1]
return { lost, oldest and math.max(0, wait - oldest[3]) or -1, entries, acked, from == '0-0' and 0 or 1 }
`,
);

export interface SubscriptionReading {
  /** Entries that were dropped before all of them was acknowledged, since that was last told. */
  lost: number;
  /** Until the oldest that is not acknowledged is due again, ms; undefined when there is none. */
  dueInMs: number | undefined;
  entries: [id: string, fields: string[]][];
  /** By entry, the numbers of events that were acknowledged before. */
  acked: ReadonlyMap<string, ReadonlySet<number>>;
  /** Not all that may be due again was looked at. */
  isPartial: boolean;
}

/** Undefined when there is no such subscription. */
export async function readSubscription(
  redis: Connection,
  keys: QueueKeys,
  name: string,
  max: number,
): Promise<SubscriptionReading | undefined> {
  const raw = (await readScript.run(redis, subscriptionKeys(keys, name), [name, groupOf(name), max])) as
    | []
    | [number, number, SubscriptionReading['entries'], string[], number];
  if (raw.length === 0) return undefined;
  const [lost, due, entries, numbers, partial] = raw;
  const acked = numbers.map((text, i): [string, Set<number>] => [
    entries[i]?.[0] ?? '',
    new Set(text.split(' ').map(Number)),
  ]);
  return {
    lost,
    dueInMs: due < 0 ? undefined : due,
    entries,
    acked: new Map(acked),
    isPartial: partial === 1,
  };
}
