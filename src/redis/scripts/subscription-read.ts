import type { Connection } from '../connection.ts';
import type { QueueKeys } from '../keys.ts';
import { defineScript } from './script.ts';
import { groupOf, MOST_STEPS, SUBSCRIPTIONS } from './subscription.ts';

/** Entries claimed at a time while it is looked for some that are due again; each call looks at ten times as many. */
const CLAIM_STEP = 50;
/** Such calls of one read; the next read goes on from there. */
const MOST_CLAIMS = 20;

const COUNT_EVENTS = `
local function eventsIn(fields)
  local count = 0
  for i = 1, #fields, 2 do
    if fields[i] == 'j' then count = count + 1 + select(2, string.gsub(fields[i + 1], ' ', '')) end
  end
  return count
end
`;

/**
 * Hands out the next events of a subscription: first those that were handed out and not acknowledged in time.
 *
 * Entries that were dropped unread are counted by the numbers of entries: what the stream was given and has no more, and
 * what the group has read. A group that is gone with its stream begins with what there is.
 *
 * KEYS: events, subscriptions, subscription. ARGV: name, group, events, about.
 * Returns {} when there is no such subscription, else { entries lost since that was last told, ms until one that is not
 *   acknowledged is due again or -1, entries, for each of those that are handed out again the numbers of its events that
 *   were acknowledged }.
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
end
local _, dropped = extent(events)
local read = info['entries-read'] or dropped
if read < dropped then
  lost = lost + dropped - read
  redis.call('XGROUP', 'SETID', events, group, info['last-delivered-id'], 'ENTRIESREAD', dropped)
end

local entries, acked, largest = {}, {}, nil
local function take(found)
  for _, entry in ipairs(found) do
    local count = eventsIn(entry[2])
    entries[#entries + 1] = entry
    room, largest = room - count, math.max(1, largest or 0, count)
  end
end
-- The first entry tells how many events one may have.
local function step() return largest and math.max(1, math.floor(room / largest)) or 1 end

local from, claims = redis.call('HGET', subscription, 'from') or '0-0', 0
local first = from
if info.pending > 0 then
  repeat
    claims = claims + 1
    local most = (claims == 1 or largest) and math.min(${CLAIM_STEP}, step()) or ${CLAIM_STEP}
    local claimed = redis.call('XAUTOCLAIM', events, group, 'reader', wait, from, 'COUNT', most)
    from, lost = claimed[1], lost + #claimed[3]
    for _, entry in ipairs(claimed[2]) do acked[#acked + 1] = redis.call('HGET', subscription, 'p:' .. entry[1]) or '' end
    take(claimed[2])
  until from == '0-0' or room < 1 or claims >= ${MOST_CLAIMS}
  if from ~= first then redis.call('HSET', subscription, 'from', from) end
end
while room > 0 do
  local found = redis.call('XREADGROUP', 'GROUP', group, 'reader', 'COUNT', step(), 'STREAMS', events, '>')
  if not found then break end
  take(found[1][2])
end
if #acked == 0 and #entries == 0 then trim(events) end

if lost > 0 then redis.call('HINCRBY', subscription, 'lost', lost) end
local oldest = redis.call('XPENDING', events, group, '-', '+', 1)[1]
return { lost, oldest and math.max(0, wait - oldest[3]) or -1, entries, acked }
`,
);

/**
 * Acknowledges events of a subscription. An entry is done with when all of its events are; until then the numbers of
 * those that are stand in the hash of the subscription (`p:<entry>`).
 *
 * KEYS: events, subscriptions, subscription. ARGV: name, group, entry id before which all is acknowledged or '', then
 *   entry id and its numbers (space separated, '*' for all), repeated.
 * Returns {} when there is no such subscription, else { entries that are done with now, entries that are not }.
 */
export const ackScript = defineScript(
  'subscription-ack',
  `${SUBSCRIPTIONS}${COUNT_EVENTS}
local events, subscriptions, subscription = unpack(KEYS)
local group, before, done = ARGV[2], ARGV[3], 0
if redis.call('HEXISTS', subscriptions, ARGV[1]) == 0 then return {} end
if not groupInfo(events, group) then return { 0, 0 } end
local function finish(ids)
  local partial = {}
  for i, id in ipairs(ids) do partial[i] = 'p:' .. id end
  done = done + redis.call('XACK', events, group, unpack(ids))
  redis.call('HDEL', subscription, unpack(partial))
end
for _ = 1, before == '' and 0 or ${MOST_STEPS} do
  local ids = {}
  for i, row in ipairs(redis.call('XPENDING', events, group, '-', '(' .. before, 1000)) do ids[i] = row[1] end
  if #ids > 0 then finish(ids) end
  if #ids < 1000 then break end
end

local function mark(id, numbers)
  if #redis.call('XPENDING', events, group, id, id, 1) == 0 then return end
  local entry = redis.call('XRANGE', events, id, id)[1]
  if numbers == '*' or not entry then return finish({ id }) end
  local all, seen, list = eventsIn(entry[2]), {}, {}
  for number in string.gmatch((redis.call('HGET', subscription, 'p:' .. id) or '') .. ' ' .. numbers, '%d+') do
    if tonumber(number) >= 1 and tonumber(number) <= all and not seen[number] then
      seen[number] = true
      list[#list + 1] = number
    end
  end
  if #list == all then finish({ id })
  elseif #list > 0 then redis.call('HSET', subscription, 'p:' .. id, table.concat(list, ' ')) end
end
for i = 4, #ARGV, 2 do mark(ARGV[i], ARGV[i + 1]) end
trim(events)
return { done, redis.call('XPENDING', events, group)[1] }
`,
);

export interface SubscriptionReading {
  /** Entries that were dropped unread, since that was last told. */
  lost: number;
  /** Until one that is not acknowledged is due again, ms; undefined when there is none. */
  dueInMs: number | undefined;
  entries: [id: string, fields: string[]][];
  /** By entry, the numbers of events that were acknowledged before. */
  acked: ReadonlyMap<string, ReadonlySet<number>>;
}

const keysOf = (keys: QueueKeys, name: string): string[] => [
  keys.events,
  keys.subscriptions,
  keys.subscription(name),
];

/** Undefined when there is no such subscription. */
export async function readSubscription(
  redis: Connection,
  keys: QueueKeys,
  name: string,
  max: number,
): Promise<SubscriptionReading | undefined> {
  const raw = (await readScript.run(redis, keysOf(keys, name), [name, groupOf(name), max])) as
    | []
    | [number, number, SubscriptionReading['entries'], string[]];
  if (raw.length === 0) return undefined;
  const [lost, due, entries, numbers] = raw;
  const acked = numbers.map((text, i): [string, Set<number>] => [
    entries[i]?.[0] ?? '',
    new Set(text.split(' ').map(Number)),
  ]);
  return { lost, dueInMs: due < 0 ? undefined : due, entries, acked: new Map(acked) };
}

/** What is to be acknowledged. */
export interface AckList {
  /** All entries before this one. */
  before: string | undefined;
  /** By entry, the numbers of its events; undefined for all of them. */
  events: ReadonlyMap<string, ReadonlySet<number> | undefined>;
}

/** Undefined when there is no such subscription. */
export async function ackSubscription(
  redis: Connection,
  keys: QueueKeys,
  name: string,
  { before, events }: AckList,
): Promise<{ acked: number; unacked: number } | undefined> {
  const marks = [...events].flatMap(([entry, numbers]) => [entry, numbers ? [...numbers].join(' ') : '*']);
  const args = [name, groupOf(name), before ?? '', ...marks];
  const raw = (await ackScript.run(redis, keysOf(keys, name), args)) as [] | [number, number];
  return raw.length === 0 ? undefined : { acked: raw[0], unacked: raw[1] };
}
