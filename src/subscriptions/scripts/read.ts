import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { countEvents, extent, groupInfo, groupOf, makeGroup, trimEvents } from './lua.ts';

/** Entries of one call: how many events they have is known only afterwards, and those of an entry come together. */
const STEP = 16;
/**
 * Calls of one read that search for entries that are due again, each over ten times as many as it claims; the next read goes
 * on from there.
 */
const MOST_CLAIMS = 64;

/**
 * Delivers the next events of a subscription: first those that were not acknowledged in time.
 *
 * Lost entries are those that were dropped unread, counted by the numbers of entries (what the stream was given and has no
 * more, and what the group has read), and those delivered that are gone before all of them was acknowledged. A group that is
 * gone with its stream starts with what there is.
 *
 * Returns {} when there is no such subscription, else { entries lost since the last reply, ms until the oldest unacknowledged
 *   entry is due again or -1, entries, for each redelivered one the numbers of its acknowledged events, 1 when not all that may
 *   be due again was checked, else 0 }.
 */
export const readScript = defineScript({
  name: 'subscription-read',
  queueKeys: ['events', 'subscriptions'],
  keys: ['subscription'],
  args: ['name', 'group', 'maxEvents'],
  uses: [groupInfo, extent, makeGroup, trimEvents, countEvents],
  lua: `
local stored = redis.call('HGET', subscriptions, name)
if not stored then return {} end
local wait, lost = cjson.decode(stored).wait, 0
local info = groupInfo(events, group)
if not info then
  makeGroup(events, group, 'oldest')
  info, lost = groupInfo(events, group), 1
  -- What was stored of single entries went with the old group.
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

local entries, acked, largest, freeEvents = {}, {}, 1, tonumber(maxEvents)
local function deliver(found)
  for _, entry in ipairs(found) do
    local count = countEvents(entry[2])
    entries[#entries + 1] = entry
    freeEvents, largest = freeEvents - count, math.max(largest, count)
  end
end
-- The entries so far tell how many events an entry may have; at first there are none.
local function readSize() return math.max(1, math.min(${STEP}, #entries, math.floor(freeEvents / largest))) end

local from, claims = redis.call('HGET', subscription, 'from') or '0-0', 0
local first, wasAtEnd = from, from == '0-0'
if info.pending > 0 then
  repeat
    claims = claims + 1
    local most = claims > 1 and #entries == 0 and ${STEP} or readSize()
    local claimed = redis.call('XAUTOCLAIM', events, group, 'reader', wait, from, 'COUNT', most)
    from, lost = claimed[1], lost + #claimed[3]
    for _, id in ipairs(claimed[3]) do redis.call('HDEL', subscription, 'p:' .. id) end
    for _, entry in ipairs(claimed[2]) do acked[#acked + 1] = redis.call('HGET', subscription, 'p:' .. entry[1]) or '' end
    deliver(claimed[2])
    -- Entries before the place where this read began may be due as well.
    local isOver = from == '0-0' and (wasAtEnd or #entries > 0)
    wasAtEnd = wasAtEnd or from == '0-0'
  until isOver or freeEvents < 1 or claims >= ${MOST_CLAIMS}
  if from ~= first then redis.call('HSET', subscription, 'from', from) end
end
while freeEvents > 0 do
  local found = redis.call('XREADGROUP', 'GROUP', group, 'reader', 'COUNT', readSize(), 'STREAMS', events, '>')
  if not found then break end
  deliver(found[1][2])
end
if #acked == 0 and #entries == 0 then trimEvents(events, subscriptions) end

if lost > 0 then redis.call('HINCRBY', subscription, 'lost', lost) end
local oldest = redis.call('XPENDING', events, group, '-', '+', 1)[1]
return { lost, oldest and math.max(0, wait - oldest[3]) or -1, entries, acked, from == '0-0' and 0 or 1 }
`,
});

export interface SubscriptionReading {
  /** Entries that were dropped before all of them was acknowledged, since the last reading. */
  lost: number;
  /** Until the oldest unacknowledged entry is due again, ms; undefined when there is none. */
  dueInMs: number | undefined;
  entries: [id: string, fields: string[]][];
  /** By entry, the numbers of events that were acknowledged before. */
  acked: ReadonlyMap<string, ReadonlySet<number>>;
  /** Not all that may be due again was checked. */
  isPartial: boolean;
}

type RawReading =
  | []
  | [lost: number, due: number, entries: SubscriptionReading['entries'], acked: string[], isPartial: number];

/** Undefined when there is no such subscription. */
export async function readSubscription(
  redis: Connection,
  queue: QueueKeys,
  name: string,
  maxEvents: number,
): Promise<SubscriptionReading | undefined> {
  const keys = { queue, subscription: queue.subscription(name) };
  const raw = (await readScript.run(redis, keys, { name, group: groupOf(name), maxEvents })) as RawReading;
  if (raw.length === 0) return undefined;
  const [lost, due, entries, numbers, isPartial] = raw;
  const acked = numbers.map((text, i): [string, Set<number>] => [
    entries[i]?.[0] ?? '',
    new Set(text.split(' ').map(Number)),
  ]);
  return {
    lost,
    dueInMs: due < 0 ? undefined : due,
    entries,
    acked: new Map(acked),
    isPartial: isPartial === 1,
  };
}
