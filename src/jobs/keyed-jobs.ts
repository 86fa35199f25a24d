import type { Core } from '../core/core.ts';
import { invalidCursor } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { decodeCursor, encodeCursor } from '../schemas/values/cursor.ts';
import type { VisibleQueues } from '../schemas/values/visible-queues.ts';
import { type JobPage, StoredPage, type StoredPageQuery } from './stored-page.ts';
import { partKey } from './submit/idempotency.ts';
import { recallOnce } from './submit/scripts/once.ts';

/** Parts of a long batch that have no record, since all of their jobs were refused, before the search ends. */
const MOST_MISSING_PARTS = 200;

export interface KeyedJobsQuery extends StoredPageQuery {
  readonly cursor?: string;
}

/** A part of the submit, and a job in it, both from 0. */
interface Position {
  part: number;
  index: number;
}

/**
 * A page of the jobs that a submit with the Idempotency-Key has stored, in the order of the request: of one job, or of a batch.
 * Empty when the key is unknown or forgotten. Leaves out jobs that are gone, and those in queues that the client may not read.
 *
 * @throws {AppError} invalid-request for a cursor that no page gave.
 */
export async function listKeyedJobs(
  core: Core,
  keys: QueueKeys,
  key: string,
  query: KeyedJobsQuery,
  visible?: VisibleQueues,
): Promise<JobPage> {
  let at: Position | undefined = query.cursor === undefined ? START : parseCursor(query.cursor);
  const page = new StoredPage(core, query);
  while (at !== undefined) {
    const record = await recallOnce(core.redis, keys.idempotency(partKey(key, at.part)));
    const jobs = (record?.refs ?? [])
      .map((ref, i) => ({ ref, queue: record?.queues?.[i] ?? keys.queue }))
      .filter(({ queue }) => visible?.has(queue) ?? true);
    const index = await page.addFrom(jobs, at.index);
    if (index < jobs.length) return { items: page.items, nextCursor: encodeCursor(`${at.part}:${index}`) };
    at = await nextPart(core.redis, keys, key, at.part);
  }
  return { items: page.items };
}

const START: Position = { part: 0, index: 0 };

function parseCursor(cursor: string): Position {
  const [, part, index] = /^(\d{1,5}):(\d{1,5})$/.exec(decodeCursor(cursor)) ?? [];
  if (part === undefined) throw invalidCursor();
  return { part: Number(part), index: Number(index) };
}

/** The next part that has stored jobs. */
async function nextPart(
  redis: Connection,
  keys: QueueKeys,
  key: string,
  part: number,
): Promise<Position | undefined> {
  const recordKey = (index: number) => keys.idempotency(partKey(key, index));
  const following = Array.from({ length: MOST_MISSING_PARTS }, (_, i) => part + 1 + i);
  if ((await redis.exists(...following.map(recordKey))) === 0) return undefined;
  for (const index of following)
    if ((await redis.exists(recordKey(index))) > 0) return { part: index, index: 0 };
  return undefined;
}
