import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import { lookup } from '../jobs/scripts/lookup.ts';
import { viewJob } from '../jobs/view.ts';
import type { Connection } from '../redis/connection.ts';
import { parseRef, type Ref } from '../redis/job-id.ts';
import { PLACES, type Place, type QueueKeys } from '../redis/keys.ts';
import type { Job } from '../schemas/job.ts';
import { LISTED_STATUSES, type ListedStatus, PRIORITIES } from '../schemas/values/names.ts';
import { lastDelivered } from './last-delivered.ts';
import { pendingRows } from './pending.ts';

export interface JobPage {
  items: Job[];
  nextCursor?: string;
}

/** Reads at most `count` refs of one place, beyond `after` (a value of its own kind, '' = from the start). */
interface Shelf {
  status: ListedStatus;
  /** What a position looks like; numbers no longer than Redis reads them. */
  position: RegExp;
  read(
    redis: Connection,
    keys: QueueKeys,
    after: string,
    count: number,
  ): Promise<{ ref: Ref; position: string }[]>;
}

const ENTRY_ID = /^\d{1,19}-\d{1,19}$/;
const SCORE_AND_MEMBER = /^\d{1,16}(\.\d{1,6})?:[chnlp]\d{1,19}-\d{1,19}$/;

const queuedShelf = (place: Place): Shelf => ({
  status: 'queued',
  position: ENTRY_ID,
  read: async (redis, keys, after, count) => {
    const stream = keys.stream[place];
    const from = after || (await lastDelivered(redis, stream));
    const entries = await redis.xrange(stream, `(${from}`, '+', 'COUNT', count);
    return entries.map(([entryId]) => ({ ref: { place, entryId }, position: entryId }));
  },
});

const runningShelf = (place: Place): Shelf => ({
  status: 'running',
  position: ENTRY_ID,
  read: async (redis, keys, after, count) => {
    const from = after === '' ? '-' : `(${after}`;
    const rows = await pendingRows(redis, keys.stream[place], from, count);
    return rows.map(([entryId]) => ({ ref: { place, entryId }, position: entryId }));
  },
});

/** A sorted set, oldest first; the position is `score:member`, so that it outlives the member. */
const setShelf = (status: ListedStatus, keyOf: (keys: QueueKeys) => string): Shelf => ({
  status,
  position: SCORE_AND_MEMBER,
  read: async (redis, keys, after, count) => {
    const key = keyOf(keys);
    const start = after === '' ? 0 : await rankAfter(redis, key, after);
    const rows = await redis.zrange(key, start, String(start + count - 1), 'WITHSCORES');
    const found: { ref: Ref; position: string }[] = [];
    for (let i = 0; i + 1 < rows.length; i += 2) {
      const member = rows[i] ?? '';
      found.push({ ref: parseRef(member), position: `${rows[i + 1]}:${member}` });
    }
    return found;
  },
});

async function rankAfter(redis: Connection, key: string, position: string): Promise<number> {
  const colon = position.indexOf(':');
  const [score, member] = [position.slice(0, colon), position.slice(colon + 1)];
  const [rank, present] = await Promise.all([redis.zrank(key, member), redis.zscore(key, member)]);
  // One that has left and come back stands elsewhere now.
  return rank === null || present !== score ? redis.zcount(key, '-inf', `(${score}`) : rank + 1;
}

const SHELVES: readonly Shelf[] = LISTED_STATUSES.flatMap((status): Shelf[] => {
  if (status === 'queued') return PRIORITIES.map(queuedShelf);
  if (status === 'running') return PLACES.map(runningShelf);
  if (status === 'scheduled') return [setShelf(status, (keys) => keys.scheduled)];
  if (status === 'retrying') return PLACES.map((place) => setShelf(status, (keys) => keys.due[place]));
  return PLACES.map((place) => setShelf(status, (keys) => keys.dead[place]));
});

/**
 * Jobs that have a place in the queue, by status (all of them when none is given), a page at a time. Jobs
 * that move while the pages are read may be missed or shown twice.
 *
 * @throws {AppError} invalid-request for a cursor that no page gave.
 */
export async function listJobs(
  core: Core,
  keys: QueueKeys,
  query: { status?: ListedStatus; limit: number; cursor?: string },
): Promise<JobPage> {
  let [shelfIndex, after] = query.cursor === undefined ? [0, ''] : decodeCursor(query.cursor, query.status);
  const refs: Ref[] = [];
  for (; shelfIndex < SHELVES.length; shelfIndex += 1, after = '') {
    const shelf = SHELVES[shelfIndex];
    if (shelf === undefined || (query.status !== undefined && shelf.status !== query.status)) continue;
    if (refs.length >= query.limit) break;
    const found = await shelf.read(core.redis, keys, after, query.limit - refs.length);
    refs.push(...found.map(({ ref }) => ref));
    after = found.at(-1)?.position ?? after;
    if (refs.length >= query.limit) break;
  }
  const items = await viewAll(core, keys, refs, query.status);
  return shelfIndex < SHELVES.length ? { items, nextCursor: encodeCursor(shelfIndex, after) } : { items };
}

async function viewAll(
  core: Core,
  keys: QueueKeys,
  refs: readonly Ref[],
  status: ListedStatus | undefined,
): Promise<Job[]> {
  await core.tasks.announced(keys);
  const jobs = await Promise.all(
    refs.map(async (ref): Promise<Job[]> => {
      const found = await lookup(core.redis, keys, ref);
      if (found.place === 'none' || found.place === 'gone') return [];
      return [viewJob(keys.queue, ref, found, core.tasks.defaultsOf)];
    }),
  );
  return jobs.flat().filter((job) => status === undefined || job.status === status);
}

const encodeCursor = (shelf: number, after: string): string =>
  Buffer.from(`${shelf} ${after}`).toString('base64url');

function decodeCursor(cursor: string, status: ListedStatus | undefined): [number, string] {
  const [, index = '', position = ''] =
    /^(\d{1,2}) (.*)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  const shelf = index === '' ? undefined : SHELVES[Number(index)];
  const fits = position === '' || shelf?.position.test(position);
  if (shelf === undefined || !fits || (status !== undefined && shelf.status !== status)) {
    throw new AppError('invalid-request', 'Take the cursor from nextCursor of the page before, unchanged.', {
      errors: [{ pointer: '/cursor', detail: 'is not a cursor of this listing' }],
    });
  }
  return [Number(index), position];
}
