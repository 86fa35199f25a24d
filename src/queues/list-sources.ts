import { HELD_MEMBER, refOfHeld } from '../lifecycle/hold-class.ts';
import type { Connection } from '../redis/connection.ts';
import { parseRef, type Ref } from '../redis/job-id.ts';
import { PLACES, type Place, type QueueKeys } from '../redis/keys.ts';
import { toPairs } from '../redis/pairs.ts';
import { LISTED_STATUSES, type ListedStatus, PRIORITIES } from '../schemas/values/names.ts';
import { lastDelivered } from './last-delivered.ts';
import { pendingRows } from './pending.ts';
import { laneIds } from './scripts/lane-ids.ts';

/** One ordered structure of Redis that a listing of jobs reads: part of a stream, or a sorted set. */
export interface ListSource {
  /** The status of the jobs in it. */
  readonly status: ListedStatus;
  /** The form of a position. Its numbers are no longer than those that Redis accepts. */
  readonly position: RegExp;
  /**
   * At most `count` jobs after the position `after` ('': from the start), each with its position.
   * `now`: the time of Redis, Unix ms, the same for all sources of a page.
   */
  readonly read: (
    redis: Connection,
    keys: QueueKeys,
    page: { readonly after: string; readonly count: number; readonly now: number },
  ) => Promise<ListedRef[]>;
}

export interface ListedRef {
  readonly ref: Ref;
  readonly position: string;
}

const ENTRY_ID = /^\d{1,19}-\d{1,19}$/;
const SCORE_AND_MEMBER = /^-?\d{1,16}(\.\d{1,6})?:[chnlp]\d{1,19}-\d{1,19}$/;

const queuedIn = (place: Place): ListSource => ({
  status: 'queued',
  position: ENTRY_ID,
  read: async (redis, keys, { after, count }) => {
    const stream = keys.stream[place];
    const from = after || (await lastDelivered(redis, stream));
    const ids = await laneIds(redis, stream, from, count);
    return ids.map((entryId) => ({ ref: { place, entryId }, position: entryId }));
  },
});

const runningIn = (place: Place): ListSource => ({
  status: 'running',
  position: ENTRY_ID,
  read: async (redis, keys, { after, count }) => {
    const from = after === '' ? '-' : `(${after}`;
    const rows = await pendingRows(redis, keys.stream[place], from, count);
    return rows.map(([entryId]) => ({ ref: { place, entryId }, position: entryId }));
  },
});

/**
 * The part of a sorted set that has a status, oldest first: `queued` up to now, `scheduled` and `retrying` from then on, all
 * of it for other statuses. The position is `score:member`, so that it stays valid without the member.
 */
const sortedSet = (status: ListedStatus, keyOf: (keys: QueueKeys) => string): ListSource => ({
  status,
  position: SCORE_AND_MEMBER,
  read: async (redis, keys, { after, count, now }) => {
    const key = keyOf(keys);
    const dueNow = status === 'failed' ? 0 : await redis.zcount(key, '-inf', now);
    const first = status === 'queued' ? 0 : dueNow;
    const start = Math.max(first, after === '' ? 0 : await rankAfter(redis, key, after));
    const end = status === 'queued' ? Math.min(dueNow, start + count) : start + count;
    const rows = end > start ? await redis.zrange(key, start, String(end - 1), 'WITHSCORES') : [];
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
  read: async (redis, keys, { after, count }) => {
    const from = after === '' ? '-' : `(${after}`;
    const members = await redis.zrange(keys.holds, from, '+', 'BYLEX', 'LIMIT', 0, count);
    return members.map((member) => ({ ref: parseRef(refOfHeld(member)), position: member }));
  },
};

/** Sources of jobs that wait for their time, or whose time has come. */
const delayed = (status: ListedStatus): ListSource => sortedSet(status, (keys) => keys.scheduled);
const due = (status: ListedStatus): ListSource[] =>
  PLACES.map((place) => sortedSet(status, (keys) => keys.due[place]));

/** Every source of a listing, in its order. A cursor holds the index of its source: a new source goes to the end. */
export const LIST_SOURCES: readonly ListSource[] = [
  ...LISTED_STATUSES.flatMap((status): ListSource[] => {
    if (status === 'queued') return PRIORITIES.map(queuedIn);
    if (status === 'running') return PLACES.map(runningIn);
    if (status === 'scheduled') return [delayed(status)];
    if (status === 'retrying') return due(status);
    return PLACES.map((place) => sortedSet(status, (keys) => keys.dead[place]));
  }),
  ...due('queued'),
  delayed('queued'),
  held,
];
