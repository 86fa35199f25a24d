import type { Core } from '../core/core.ts';
import { invalidCursor } from '../errors.ts';
import { type Found, lookup } from '../jobs/scripts/lookup.ts';
import { viewJob } from '../jobs/view.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { redisTime } from '../redis/server-time.ts';
import type { Job } from '../schemas/job.ts';
import { decodeCursor, encodeCursor } from '../schemas/values/cursor.ts';
import type { ListedStatus } from '../schemas/values/names.ts';
import { LIST_SOURCES, type ListedRef } from './list-sources.ts';

export interface JobPage {
  items: Job[];
  nextCursor?: string;
}

/**
 * Bytes of jobs from which a page is full, whatever its limit; the last read may exceed it. Each payload is held several
 * times until it is sent.
 */
const MAX_PAGE_BYTES = 8 * 1_048_576;
/** Jobs of the first read, whose size nobody knows, and most jobs of one read. */
const FIRST_READ = 4;
const MOST_READ = 200;

interface Query {
  readonly status?: ListedStatus;
  readonly limit: number;
  readonly cursor?: string;
}

/**
 * A page of the unfinished and failed jobs of a queue, of one status or of all. A job that moves between two pages can
 * be missing or appear twice. A page of large jobs has fewer than `limit`.
 *
 * @throws {AppError} invalid-request for a cursor that no page gave.
 */
export async function listJobs(
  core: Core,
  keys: QueueKeys,
  { status, limit, cursor }: Query,
): Promise<JobPage> {
  let [index, after] = cursor === undefined ? [0, ''] : parseCursor(cursor, status);
  // Fills the cache, from which the views take the defaults of the tasks.
  const [now] = await Promise.all([redisTime(core.redis), core.tasks.announced(keys)]);
  const page = { items: [] as Job[], seen: 0, bytes: 0 };
  for (; index < LIST_SOURCES.length; index += 1, after = '') {
    const source = LIST_SOURCES[index];
    if (source === undefined || (status !== undefined && source.status !== status)) continue;
    for (let isMore = true; isMore; ) {
      const count = Math.min(limit - page.seen, readSize(page));
      if (count < 1) return { items: page.items, nextCursor: encodeCursor(`${index} ${after}`) };
      const listed = await source.read(core.redis, keys, { after, count, now });
      await addViews(core, keys, listed, { status, page });
      after = listed.at(-1)?.position ?? after;
      isMore = listed.length === count;
    }
  }
  return { items: page.items };
}

/** How many jobs are read next: those before tell how many will fit. 0 when the page is full. */
function readSize({ seen, bytes }: { seen: number; bytes: number }): number {
  if (seen === 0) return FIRST_READ;
  if (bytes >= MAX_PAGE_BYTES) return 0;
  return Math.max(1, Math.min(MOST_READ, Math.floor(((MAX_PAGE_BYTES - bytes) * seen) / Math.max(1, bytes))));
}

/** Adds views of the jobs. Leaves out a job that has moved to another status since it was listed. */
async function addViews(
  core: Core,
  keys: QueueKeys,
  listed: readonly ListedRef[],
  { status, page }: { status: ListedStatus | undefined; page: { items: Job[]; seen: number; bytes: number } },
): Promise<void> {
  const all = await Promise.all(listed.map(({ ref }) => lookup(core.redis, keys, ref)));
  all.forEach((found, i) => {
    page.seen += 1;
    const ref = listed[i]?.ref;
    if (ref === undefined || found.place === 'none' || found.place === 'gone') return;
    page.bytes += sizeOf(found);
    const job = viewJob(keys.queue, ref, found, core.tasks.defaultsOf);
    if (status === undefined || job.status === status) page.items.push(job);
  });
}

const sizeOf = (found: Exclude<Found, { place: 'none' | 'gone' }>): number =>
  found.place === 'result'
    ? found.record.length
    : found.fields.reduce((sum, field) => sum + field.length, found.notes.errors?.length ?? 0);

/** The index of a source and a position in it. */
function parseCursor(cursor: string, status: ListedStatus | undefined): [index: number, after: string] {
  const [, index = '', after = ''] = /^(\d{1,2}) (.*)$/s.exec(decodeCursor(cursor)) ?? [];
  const source = index === '' ? undefined : LIST_SOURCES[Number(index)];
  const isPosition = after === '' || source?.position.test(after);
  if (source === undefined || !isPosition || (status !== undefined && source.status !== status)) {
    throw invalidCursor();
  }
  return [Number(index), after];
}
