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

interface Group {
  read: number | undefined;
  pending: number;
}

/** All subscriptions of a queue, by name, or those that are named. */
export async function subscriptionStates(
  redis: Connection,
  keys: QueueKeys,
  only?: string,
): Promise<SubscriptionState[]> {
  const stored = Object.entries(await redis.hgetall(keys.subscriptions))
    .filter(([name]) => only === undefined || name === only)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (stored.length === 0) return [];
  const [added, dropped, groups] = await extent(redis, keys);
  return Promise.all(
    stored.map(async ([name, text]): Promise<SubscriptionState> => {
      const group = groups.get(groupOf(name));
      const [lost, pending] = await Promise.all([
        redis.hget(keys.subscription(name), 'lost'),
        group === undefined || group.pending === 0 ? undefined : redis.xpending(keys.events, groupOf(name)),
      ]);
      // What was dropped since the last read is lost, though only that read will note it.
      const read = group?.read ?? dropped;
      return {
        ...(JSON.parse(text) as StoredSubscription),
        name,
        backlog: added - Math.max(read, dropped),
        unacked: group?.pending ?? 0,
        oldestUnacked: (pending as [number, string | null] | undefined)?.[1] ?? undefined,
        lost: Number(lost ?? 0) + Math.max(0, dropped - read),
      };
    }),
  );
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
