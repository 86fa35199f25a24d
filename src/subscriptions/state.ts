import { extentOf, fieldOf } from '../events/log-reads.ts';
import type { Connection } from '../redis/connection.ts';
import { isNoGroup } from '../redis/faults.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { groupOf, type StoredSubscription } from './scripts/subscribe.ts';

/** How a subscription stands; counts are of entries, times Unix ms. */
export interface SubscriptionState extends StoredSubscription {
  name: string;
  backlog: number;
  unacked: number;
  /** When the oldest of those that were not acknowledged happened, as its entry id; undefined when there is none. */
  oldestUnacked: string | undefined;
  lost: number;
}

/** What is known of a subscription from the stream of its events alone. */
interface Standing {
  name: string;
  stored: StoredSubscription;
  backlog: number;
  unacked: number;
  /** Entries that were dropped since the last read: lost, though only the next read will note it. */
  dropped: number;
}

interface Group {
  read: number | undefined;
  pending: number;
}

/** What waits to be read of each subscription of a queue, by name. */
export async function subscriptionBacklogs(
  redis: Connection,
  keys: QueueKeys,
): Promise<Pick<SubscriptionState, 'name' | 'backlog'>[]> {
  return (await standings(redis, keys)).map(({ name, backlog }) => ({ name, backlog }));
}

/** All subscriptions of a queue, by name, or the one that is named. */
export async function subscriptionStates(
  redis: Connection,
  keys: QueueKeys,
  only?: string,
): Promise<SubscriptionState[]> {
  const found = await standings(redis, keys, only);
  return Promise.all(
    found.map(async ({ name, stored, backlog, unacked, dropped }): Promise<SubscriptionState> => {
      const [lost, oldestUnacked] = await Promise.all([
        redis.hget(keys.subscription(name), 'lost'),
        unacked === 0 ? undefined : oldestPending(redis, keys, name),
      ]);
      return { ...stored, name, backlog, unacked, oldestUnacked, lost: Number(lost ?? 0) + dropped };
    }),
  );
}

async function standings(redis: Connection, keys: QueueKeys, only?: string): Promise<Standing[]> {
  const stored = Object.entries(await redis.hgetall(keys.subscriptions))
    .filter(([name]) => only === undefined || name === only)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (stored.length === 0) return [];
  const { added, dropped, groups } = await lookAt(redis, keys);
  return stored.map(([name, text]) => {
    const group = groups.get(groupOf(name));
    const read = group?.read ?? dropped;
    return {
      name,
      stored: JSON.parse(text) as StoredSubscription,
      backlog: added - Math.max(read, dropped),
      unacked: group?.pending ?? 0,
      dropped: Math.max(0, dropped - read),
    };
  });
}

/** The oldest entry that is not acknowledged; undefined when there is none, or the group is gone meanwhile. */
async function oldestPending(redis: Connection, keys: QueueKeys, name: string): Promise<string | undefined> {
  try {
    const [, first] = (await redis.xpending(keys.events, groupOf(name))) as [number, string | null];
    return first ?? undefined;
  } catch (error) {
    if (isNoGroup(error)) return undefined;
    throw error;
  }
}

/** What the events stream has, and its groups by name. */
async function lookAt(
  redis: Connection,
  keys: QueueKeys,
): Promise<{ added: number; dropped: number; groups: Map<string, Group> }> {
  const replies = await redis.multi().xinfo('STREAM', keys.events).xinfo('GROUPS', keys.events).exec();
  const [info, groups] = replies ?? [];
  const extent = info && extentOf(...info);
  if (groups === undefined || extent === undefined) return { added: 0, dropped: 0, groups: new Map() };
  const [failed, found] = groups;
  if (failed) throw failed;
  return { ...extent, groups: new Map((found as unknown[]).map(groupIn)) };
}

function groupIn(info: unknown): [name: string, Group] {
  const read = fieldOf(info, 'entries-read');
  const pending = Number(fieldOf(info, 'pending'));
  return [String(fieldOf(info, 'name')), { read: typeof read === 'number' ? read : undefined, pending }];
}
