import type { Core } from '../core/core.ts';
import { invalidCursor } from '../errors.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { redisTime } from '../redis/server-time.ts';
import type { Job } from '../schemas/job.ts';
import { decodeCursor, encodeCursor } from '../schemas/values/cursor.ts';
import type { ListedStatus } from '../schemas/values/names.ts';
import { LIST_SOURCES } from './list-sources.ts';
import { PageReader } from './page-reader.ts';

export interface JobPage {
  items: Job[];
  nextCursor?: string;
}

export interface JobListQuery {
  status?: ListedStatus;
  limit: number;
  cursor?: string;
  /** false: the jobs come without their payloads. */
  payload?: boolean;
}

/**
 * A page of the unfinished and failed jobs of a queue, of one status or of all, bounded in jobs and bytes. A job that
 * moves between two pages can be missing or appear twice.
 *
 * @throws {AppError} invalid-request for a cursor that no page gave.
 */
export async function listJobs(core: Core, keys: QueueKeys, query: JobListQuery): Promise<JobPage> {
  const { status, cursor } = query;
  let [index, after] = cursor === undefined ? [0, ''] : parseCursor(cursor, status);
  // Fills the cache, from which the views take the defaults of the tasks.
  const [now] = await Promise.all([redisTime(core.redis), core.tasks.announced(keys)]);
  const page = new PageReader(core, keys, query);
  for (; index < LIST_SOURCES.length; index += 1, after = '') {
    const source = LIST_SOURCES[index];
    if (source === undefined || (status !== undefined && source.status !== status)) continue;
    for (let isEnd = false; !isEnd; ) {
      if (page.isFull) return { items: page.items, nextCursor: encodeCursor(`${index} ${after}`) };
      const count = page.nextStep();
      const listed = await source.read(core.redis, keys, { after, count, now });
      const read = await page.read(listed.map(({ ref }) => ref));
      after = listed[read - 1]?.position ?? after;
      isEnd = listed.length < count && read === listed.length;
    }
  }
  return { items: page.items };
}

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
