import { isNoGroup } from './connect.ts';
import type { Connection } from './connection.ts';
import type { QueueKeys } from './keys.ts';
import { groupOf, type StoredSubscription } from './scripts/subscription.ts';

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
  const [added, dropped, groups] = await extent(redis, keys);
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

/** Entries that the events stream was given, those of them that it has no more, and its groups. */
async function extent(redis: Connection, keys: QueueKeys): Promise<[number, number, Map<string, Group>]> {
  const replies = await redis.multi().xinfo('STREAM', keys.events).xinfo('GROUPS', keys.events).exec();
  const [info, groups] = (replies ?? []).map(([error, reply]) => {
    if (error?.message.includes('no such key')) return [];
    if (error) throw error;
    return reply as unknown[];
  });
  const added = Number(fieldOf(info ?? [], 'entries-added') ?? 0);
  const found = (groups ?? []).map((one): [string, Group] => {
    const group = one as unknown[];
    const read = fieldOf(group, 'entries-read');
    return [
      String(fieldOf(group, 'name')),
      { read: typeof read === 'number' ? read : undefined, pending: Number(fieldOf(group, 'pending')) },
    ];
  });
  return [added, added - Number(fieldOf(info ?? [], 'length') ?? 0), new Map(found)];
}

const fieldOf = (flat: unknown[], name: string): unknown => {
  const at = flat.indexOf(name);
  return at < 0 ? undefined : flat[at + 1];
};
