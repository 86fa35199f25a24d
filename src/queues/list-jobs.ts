import type { Core } from '../core/core.ts';
import type { JobPage } from '../jobs/stored-page.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { timeAt } from '../redis/server-time.ts';
import type { Job } from '../schemas/job.ts';
import type { ListedStatus } from '../schemas/values/names.ts';
import { PageReader } from './page-reader.ts';
import { walkJobs } from './walk-jobs.ts';

/** What listings of jobs have in common. */
export interface JobPageQuery {
  limit: number;
  cursor?: string;
  /** false: the jobs come without their payloads. */
  payload?: boolean;
  /** Which jobs to show: a page may be short. Absent: all. */
  keeps?: (job: Job) => boolean;
}

export interface JobListQuery extends JobPageQuery {
  status?: ListedStatus;
}

/**
 * A page of the unfinished and failed jobs of a queue, of one status or of all, bounded in jobs and bytes. A job that
 * moves between two pages can be missing or appear twice.
 *
 * @throws {AppError} invalid-request for a cursor that no page gave.
 */
export async function listJobs(core: Core, keys: QueueKeys, query: JobListQuery): Promise<JobPage> {
  // Fills the cache, from which the views take the defaults of the tasks.
  const [now] = await Promise.all([timeAt(core.redis, keys.scheduled), core.tasks.announced(keys)]);
  const page = new PageReader(core, keys, query);
  const nextCursor = await walkJobs(core.redis, keys, { ...query, now }, page);
  return { items: page.items, ...(nextCursor !== undefined && { nextCursor }) };
}
