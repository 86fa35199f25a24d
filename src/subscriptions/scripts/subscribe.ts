import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';
import { groupInfo, groupOf, makeGroup, trimEvents, updateHold } from './lua.ts';

export { groupOf } from './lua.ts';

/** Subscriptions of one queue; each is checked when events are trimmed. */
export const MOST_SUBSCRIPTIONS = 100;

/** The options of a subscription, as JSON in the hash of all subscriptions. */
export interface StoredSubscription {
  /** When it was created, Unix ms. */
  at: number;
  /** Entries that are kept for it. */
  max: number;
  /** After how many ms an event that is not acknowledged is delivered again. */
  wait: number;
}

/**
 * Creates a subscription, or changes the given options of an existing one.
 *
 * `from`: 'now' | 'oldest'. `max`: entries to keep, `wait`: ms to acknowledge; '' keeps the option, and a new subscription
 * gets the default. Returns 'made' | 'known' | 'full'.
 */
export const subscribeScript = defineScript({
  name: 'subscribe',
  queueKeys: ['events', 'settings', 'subscriptions'],
  args: ['name', 'group', 'from', 'max', 'wait', 'defaultMax', 'defaultWait', 'maxSubscriptions'],
  uses: [now, groupInfo, makeGroup, updateHold],
  whenFull: 'refused',
  lua: `
local stored = redis.call('HGET', subscriptions, name)
if not stored and redis.call('HLEN', subscriptions) >= tonumber(maxSubscriptions) then return 'full' end
local options = stored and cjson.decode(stored) or { at = now, max = tonumber(defaultMax), wait = tonumber(defaultWait) }
options.max, options.wait = tonumber(max) or options.max, tonumber(wait) or options.wait
redis.call('HSET', subscriptions, name, cjson.encode(options))
updateHold(settings, subscriptions)
-- A group that is gone with its stream is made by the next read, which counts what was lost.
if not stored and not groupInfo(events, group) then makeGroup(events, group, from) end
return stored and 'known' or 'made'
`,
});

/** Entries of one call that were delivered and not acknowledged. */
const STEP = 1_000;

/**
 * Removes a subscription, and what was kept for it alone, a bounded part at a time.
 *
 * Returns { 1, or 0 when there is no such subscription, 1 when there is more to remove }.
 */
export const unsubscribeScript = defineScript({
  name: 'unsubscribe',
  queueKeys: ['events', 'settings', 'subscriptions'],
  keys: ['subscription'],
  args: ['name', 'group'],
  uses: [groupInfo, updateHold, trimEvents],
  lua: `
local found, info = redis.call('HDEL', subscriptions, name), groupInfo(events, group)
if found == 1 then
  redis.call('UNLINK', subscription)
  updateHold(settings, subscriptions)
end
if info and info.pending > ${STEP} then
  local ids = {}
  for i, row in ipairs(redis.call('XPENDING', events, group, '-', '+', ${STEP})) do ids[i] = row[1] end
  redis.call('XACK', events, group, unpack(ids))
  return { found, 1 }
end
if info then redis.call('XGROUP', 'DESTROY', events, group) end
return { found, trimEvents(events, subscriptions) and 1 or 0 }
`,
});

export interface NewSubscription {
  from: 'now' | 'oldest';
  /** Undefined: as it is, or the default. */
  maxBacklog: number | undefined;
  ackWaitMs: number | undefined;
  defaults: { maxBacklog: number; ackWaitMs: number };
}

export async function subscribe(
  redis: Connection,
  queue: QueueKeys,
  name: string,
  { from, maxBacklog, ackWaitMs, defaults }: NewSubscription,
): Promise<'made' | 'known' | 'full'> {
  return (await subscribeScript.run(
    redis,
    { queue },
    {
      name,
      group: groupOf(name),
      from,
      max: maxBacklog ?? '',
      wait: ackWaitMs ?? '',
      defaultMax: defaults.maxBacklog,
      defaultWait: defaults.ackWaitMs,
      maxSubscriptions: MOST_SUBSCRIPTIONS,
    },
  )) as 'made' | 'known' | 'full';
}

/** False when there is none. */
export async function unsubscribe(redis: Connection, queue: QueueKeys, name: string): Promise<boolean> {
  const keys = { queue, subscription: queue.subscription(name) };
  for (let wasFound = false; ; ) {
    const reply = await unsubscribeScript.run(redis, keys, { name, group: groupOf(name) });
    const [found, isMore] = reply as [found: 0 | 1, isMore: 0 | 1];
    wasFound ||= found === 1;
    if (isMore === 0) return wasFound;
  }
}
