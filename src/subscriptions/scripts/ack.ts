import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { countEvents, groupInfo, groupOf, trimEvents } from './lua.ts';

/** Entries acknowledged in one call, and entries that are named one by one: some milliseconds, in which Redis serves nobody else. */
const STEP = 1_000;
const MOST_NAMED = 100;

/**
 * Acknowledges events of a subscription. An entry is done when all of its events are; until then the numbers of those that
 * are done stand in the hash of the subscription (`p:<entry>`).
 *
 * `before`: all entries before this id are acknowledged, '' for none. `numbers` of an entry: separated by spaces, '*' for all.
 * Returns {} when there is no such subscription, else { entries that are done now, entries that are not, 1 if there are more
 *   before `before`: then nothing else was done, and the same call goes on }.
 */
export const ackScript = defineScript({
  name: 'subscription-ack',
  queueKeys: ['events', 'subscriptions'],
  keys: ['subscription'],
  args: ['name', 'group', 'before', { records: 'entries', of: ['id', 'numbers'] }],
  uses: [groupInfo, trimEvents, countEvents],
  lua: `
local done = 0
if redis.call('HEXISTS', subscriptions, name) == 0 then return {} end
if not groupInfo(events, group) then return { 0, 0, 0 } end
local function finish(ids)
  local partial = {}
  for i, id in ipairs(ids) do partial[i] = 'p:' .. id end
  done = done + redis.call('XACK', events, group, unpack(ids))
  redis.call('HDEL', subscription, unpack(partial))
end
if before ~= '' then
  local ids = {}
  for i, row in ipairs(redis.call('XPENDING', events, group, '-', '(' .. before, ${STEP})) do ids[i] = row[1] end
  if #ids > 0 then finish(ids) end
  if #ids == ${STEP} then return { done, redis.call('XPENDING', events, group)[1], 1 } end
end

local function ackEntry(id, numbers)
  if #redis.call('XPENDING', events, group, id, id, 1) == 0 then return end
  local entry = redis.call('XRANGE', events, id, id)[1]
  if numbers == '*' or not entry then return finish({ id }) end
  local all, seen, list = countEvents(entry[2]), {}, {}
  for number in string.gmatch((redis.call('HGET', subscription, 'p:' .. id) or '') .. ' ' .. numbers, '%d+') do
    if tonumber(number) >= 1 and tonumber(number) <= all and not seen[number] then
      seen[number] = true
      list[#list + 1] = number
    end
  end
  if #list == all then finish({ id })
  elseif #list > 0 then redis.call('HSET', subscription, 'p:' .. id, table.concat(list, ' ')) end
end
for i = 1, #entries do ackEntry(entries[i].id, entries[i].numbers) end
trimEvents(events, subscriptions)
return { done, redis.call('XPENDING', events, group)[1], 0 }
`,
});

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
  queue: QueueKeys,
  name: string,
  { before, events }: AckList,
): Promise<{ acked: number; unacked: number } | undefined> {
  const keys = { queue, subscription: queue.subscription(name) };
  const named = [...events].map(([id, numbers]) => ({ id, numbers: numbers ? [...numbers].join(' ') : '*' }));
  for (let acked = 0, first = 0; ; ) {
    const entries = named.slice(first, first + MOST_NAMED);
    const args = { name, group: groupOf(name), before: before ?? '', entries };
    const raw = (await ackScript.run(redis, keys, args)) as
      | []
      | [done: number, unacked: number, isMore: 0 | 1];
    if (raw.length === 0) return undefined;
    const [done, unacked, isMore] = raw;
    acked += done;
    if (isMore === 0) first += MOST_NAMED;
    if (isMore === 0 && first >= named.length) return { acked, unacked };
  }
}
