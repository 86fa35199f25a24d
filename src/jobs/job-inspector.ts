import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import type { Job } from '../schemas/job.ts';
import type { JobLog } from '../schemas/jobs/log.ts';
import type { VisibleQueues } from '../schemas/values/visible-queues.ts';
import { findJob, locateJob } from './find.ts';
import { readJobLog } from './job-log.ts';
import { type KeyedJobsQuery, listKeyedJobs } from './keyed-jobs.ts';

/** Reads single jobs. */
export class JobInspector {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** @throws {AppError} job-not-found or job-gone. */
  async find(id: string): Promise<Job> {
    return findJob(this.#core, locateJob(this.#core, id));
  }

  /** The kept lines of its log after that line. @throws {AppError} job-not-found or job-gone. */
  async log(id: string, after: number): Promise<JobLog> {
    const { lines, total } = await readJobLog(this.#core, locateJob(this.#core, id), after);
    if (total === 0) await this.find(id);
    return { items: lines, dropped: Math.max(0, (lines[0]?.line ?? after + 1) - 1 - after) };
  }

  /** The job, or undefined when it is no longer kept. */
  async findKept(id: string): Promise<Job | undefined> {
    try {
      return await this.find(id);
    } catch (error) {
      if (error instanceof AppError && (error.code === 'job-gone' || error.code === 'job-not-found'))
        return undefined;
      throw error;
    }
  }

  /** A page of the jobs that a submit with the Idempotency-Key has stored in the queue. @throws {AppError} invalid-request. */
  listKeyed(
    queue: string,
    key: string,
    query: KeyedJobsQuery,
    visible?: VisibleQueues,
  ): Promise<{ items: Job[]; nextCursor?: string }> {
    return listKeyedJobs(this.#core, this.#core.keySpace.queue(queue), key, query, visible);
  }
}
