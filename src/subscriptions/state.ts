import { extentOf, fieldOf } from '../events/log-reads.ts';
import type { Connection } from '../redis/connection.ts';
import { isNoGroup } from '../redis/faults.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { groupOf, type StoredSubscription } from './scripts/subscribe.ts';

/** The state of a subscription; counts are of stream entries, times Unix ms. */
export interface SubscriptionState extends StoredSubscription {
  name: string;
  /** Entries that no reader has got yet. */
  backlog: number;
  /** Entries that a reader got and did not acknowledge. */
  unacked: number;
  /** Id of the oldest entry without an acknowledgement; undefined when there is none. */
  oldestUnacked: string | undefined;
  /** Entries that were dropped without an acknowledgement. */
  lost: number;
}

/** What the events stream alone says about a subscription. */
interface StreamCounts {
  name: string;
  stored: StoredSubscription;
  backlog: number;
  unacked: number;
  /** Entries that were dropped since the last read. They are lost, but only the next read will count them. */
  dropped: number;
}

interface Group {
  /** Entries read; undefined when Redis cannot tell. */
  read: number | undefined;
  /** Entries read and not acknowledged. */
  pending: number;
}

/** The backlog of each subscription of a queue, sorted by name. */
export async function subscriptionBacklogs(
  redis: Connection,
  keys: QueueKeys,
): Promise<Pick<SubscriptionState, 'name' | 'backlog'>[]> {
  return (await readStreamCounts(redis, keys)).map(({ name, backlog }) => ({ name, backlog }));
}

/** All subscriptions of a queue, sorted by name, or only the one with the given name. */
export async function subscriptionStates(
  redis: Connection,
  keys: QueueKeys,
  only?: string,
): Promise<SubscriptionState[]> {
  const found = await readStreamCounts(redis, keys, only);
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

async function readStreamCounts(redis: Connection, keys: QueueKeys, only?: string): Promise<StreamCounts[]> {
  const stored = Object.entries(await redis.hgetall(keys.subscriptions))
    .filter(([name]) => only === undefined || name === only)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (stored.length === 0) return [];
  const { added, dropped, groups } = await readStreamAndGroups(redis, keys);
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

/** Id of the oldest entry without an acknowledgement; undefined when there is none, or no group any more. */
async function oldestPending(redis: Connection, keys: QueueKeys, name: string): Promise<string | undefined> {
  try {
    const [, first] = (await redis.xpending(keys.events, groupOf(name))) as [number, string | null];
    return first ?? undefined;
  } catch (error) {
    if (isNoGroup(error)) return undefined;
    throw error;
  }
}

/** The entry counts of the events stream, and its consumer groups by name. */
async function readStreamAndGroups(
  redis: Connection,
  keys: QueueKeys,
): Promise<{ added: number; dropped: number; groups: Map<string, Group> }> {
  const replies = await redis.multi().xinfo('STREAM', keys.events).xinfo('GROUPS', keys.events).exec();
  const [info, groups] = replies ?? [];
  const extent = info && extentOf(...info);
  if (groups === undefined || extent === undefined) return { added: 0, dropped: 0, groups: new Map() };
  const [failed, found] = groups;
  if (failed) throw failed;
  return { ...extent, groups: new Map((found as unknown[]).map(decodeGroup)) };
}

function decodeGroup(info: unknown): [name: string, Group] {
  const read = fieldOf(info, 'entries-read');
  const pending = Number(fieldOf(info, 'pending'));
  return [String(fieldOf(info, 'name')), { read: typeof read === 'number' ? read : undefined, pending }];
}
