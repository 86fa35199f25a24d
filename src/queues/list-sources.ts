import { HELD_MEMBER, refOfHeld } from '../lifecycle/hold-class.ts';
import type { Connection } from '../redis/connection.ts';
import { parseRef, type Ref } from '../redis/job-id.ts';
import { PLACES, type Place, type QueueKeys } from '../redis/keys.ts';
import { toPairs } from '../redis/pairs.ts';
import { LISTED_STATUSES, type ListedStatus, PRIORITIES } from '../schemas/values/names.ts';
import { lastDelivered } from './last-delivered.ts';
import { pendingRows } from './pending.ts';

/** One ordered structure of Redis that a listing of jobs reads: part of a stream, or a sorted set. */
export interface ListSource {
  /** The status of the jobs in it. */
  readonly status: ListedStatus;
  /** The form of a position. Its numbers are no longer than those that Redis accepts. */
  readonly position: RegExp;
  /** At most `count` jobs after the position `after` ('': from the start), each with its position. */
  readonly read: (redis: Connection, keys: QueueKeys, after: string, count: number) => Promise<ListedRef[]>;
}

export interface ListedRef {
  readonly ref: Ref;
  readonly position: string;
}

const ENTRY_ID = /^\d{1,19}-\d{1,19}$/;
const SCORE_AND_MEMBER = /^\d{1,16}(\.\d{1,6})?:[chnlp]\d{1,19}-\d{1,19}$/;

const queuedIn = (place: Place): ListSource => ({
  status: 'queued',
  position: ENTRY_ID,
  read: async (redis, keys, after, count) => {
    const stream = keys.stream[place];
    const from = after || (await lastDelivered(redis, stream));
    const entries = await redis.xrange(stream, `(${from}`, '+', 'COUNT', count);
    return entries.map(([entryId]) => ({ ref: { place, entryId }, position: entryId }));
  },
});

const runningIn = (place: Place): ListSource => ({
  status: 'running',
  position: ENTRY_ID,
  read: async (redis, keys, after, count) => {
    const from = after === '' ? '-' : `(${after}`;
    const rows = await pendingRows(redis, keys.stream[place], from, count);
    return rows.map(([entryId]) => ({ ref: { place, entryId }, position: entryId }));
  },
});

/** A sorted set, oldest first. The position is `score:member`, so that it stays valid without the member. */
const sortedSet = (status: ListedStatus, keyOf: (keys: QueueKeys) => string): ListSource => ({
  status,
  position: SCORE_AND_MEMBER,
  read: async (redis, keys, after, count) => {
    const key = keyOf(keys);
    const start = after === '' ? 0 : await rankAfter(redis, key, after);
    const rows = await redis.zrange(key, start, String(start + count - 1), 'WITHSCORES');
    return toPairs(rows).map(([member, score]) => ({
      ref: parseRef(member),
      position: `${score}:${member}`,
    }));
  },
});

async function rankAfter(redis: Connection, key: string, position: string): Promise<number> {
  const colon = position.indexOf(':');
  const [score, member] = [position.slice(0, colon), position.slice(colon + 1)];
  const [rank, currentScore] = await Promise.all([redis.zrank(key, member), redis.zscore(key, member)]);
  // A member that was removed and added again has another rank now.
  return rank === null || currentScore !== score ? redis.zcount(key, '-inf', `(${score}`) : rank + 1;
}

/** Held jobs, class by class. */
const held: ListSource = {
  status: 'queued',
  position: HELD_MEMBER,
  read: async (redis, keys, after, count) => {
    const from = after === '' ? '-' : `(${after}`;
    const members = await redis.zrange(keys.holds, from, '+', 'BYLEX', 'LIMIT', 0, count);
    return members.map((member) => ({ ref: parseRef(refOfHeld(member)), position: member }));
  },
};

/** Every source of a listing, in its order. A cursor holds the index of its source, so the order must not change. */
export const LIST_SOURCES: readonly ListSource[] = [...LISTED_STATUSES.flatMap(sourcesOf), held];

function sourcesOf(status: ListedStatus): ListSource[] {
  if (status === 'queued') return PRIORITIES.map(queuedIn);
  if (status === 'running') return PLACES.map(runningIn);
  if (status === 'scheduled') return [sortedSet(status, (keys) => keys.scheduled)];
  if (status === 'retrying') return PLACES.map((place) => sortedSet(status, (keys) => keys.due[place]));
  return PLACES.map((place) => sortedSet(status, (keys) => keys.dead[place]));
}
