import type { Core } from '../core/core.ts';
import { invalidCursor } from '../errors.ts';
import { lookup } from '../jobs/scripts/lookup.ts';
import { viewJob } from '../jobs/view.ts';
import type { Ref } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { redisTime } from '../redis/server-time.ts';
import type { Job } from '../schemas/job.ts';
import { decodeCursor, encodeCursor } from '../schemas/values/cursor.ts';
import type { ListedStatus } from '../schemas/values/names.ts';
import { LIST_SOURCES } from './list-sources.ts';

export interface JobPage {
  items: Job[];
  nextCursor?: string;
}

/**
 * A page of the unfinished and failed jobs of a queue, of one status or of all. A job that moves between two pages can
 * be missing or appear twice.
 *
 * @throws {AppError} invalid-request for a cursor that no page gave.
 */
export async function listJobs(
  core: Core,
  keys: QueueKeys,
  { status, limit, cursor }: { status?: ListedStatus; limit: number; cursor?: string },
): Promise<JobPage> {
  let [index, after] = cursor === undefined ? [0, ''] : parseCursor(cursor, status);
  const now = await redisTime(core.redis);
  const refs: Ref[] = [];
  for (; index < LIST_SOURCES.length; index += 1, after = '') {
    const source = LIST_SOURCES[index];
    if (source === undefined || (status !== undefined && source.status !== status)) continue;
    if (refs.length >= limit) break;
    const listed = await source.read(core.redis, keys, { after, count: limit - refs.length, now });
    refs.push(...listed.map(({ ref }) => ref));
    after = listed.at(-1)?.position ?? after;
    if (refs.length >= limit) break;
  }
  const items = await viewAll(core, keys, refs, status);
  return index < LIST_SOURCES.length ? { items, nextCursor: encodeCursor(`${index} ${after}`) } : { items };
}

/** Views of the jobs. Leaves out a job that has moved to another status since it was listed. */
async function viewAll(
  core: Core,
  keys: QueueKeys,
  refs: readonly Ref[],
  status: ListedStatus | undefined,
): Promise<Job[]> {
  // Fills the cache, from which the views take the defaults of the tasks.
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
