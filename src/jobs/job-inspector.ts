import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import type { Job } from '../schemas/job.ts';
import type { JobLog } from '../schemas/jobs/log.ts';
import { type VisibleQueues, visibleOf } from '../schemas/values/visible-queues.ts';
import { findJob, locateJob } from './find.ts';
import { readJobLog } from './job-log.ts';
import { type KeyedJobsQuery, listKeyedJobs } from './keyed-jobs.ts';
import type { JobPage } from './stored-page.ts';
import { listTaggedJobs, type TaggedJobsQuery } from './tags/list-tagged.ts';

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
  listKeyed(queue: string, key: string, query: KeyedJobsQuery, visible?: VisibleQueues): Promise<JobPage> {
    return listKeyedJobs(this.#core, this.#core.keySpace.queue(queue), key, query, visible);
  }

  /** A page of the jobs with the tags, in one queue or in all that the client may read. @throws {AppError} invalid-request. */
  async listTagged(
    queue: string | undefined,
    query: TaggedJobsQuery,
    visible?: VisibleQueues,
  ): Promise<JobPage> {
    const { queues, keySpace } = this.#core;
    const names = visibleOf(queue === undefined ? await queues.names() : [queue], visible);
    return listTaggedJobs(
      this.#core,
      names.map((name) => keySpace.queue(name)),
      query,
    );
  }
}
