import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import { cancelJob } from '../lifecycle/cancel.ts';
import { requeueDead } from '../lifecycle/scripts/dead-letters.ts';
import type { Job } from '../schemas/job.ts';
import { endIfExpired, findJob, locate, showFound } from './find.ts';
import { type Found, remove } from './scripts/lookup.ts';

/** Cancels, retries and removes single jobs. */
export class JobOperator {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Ends a waiting job, or asks the worker of a running one to stop it.
   *
   * @throws {AppError} job-finished, job-not-found or job-gone.
   */
  async cancel(id: string): Promise<{ done: boolean; job: Job }> {
    const { keys, ref } = locate(this.#core, id);
    const outcome = await cancelJob(this.#core, keys, ref);
    const job = await findJob(this.#core, id);
    if (outcome === 'finished') {
      throw new AppError('job-finished', `The job has ended already: it is ${job.status}.`, {
        extensions: { jobStatus: job.status },
      });
    }
    return { done: outcome === 'withdrawn', job };
  }

  /**
   * Runs a failed job again, under its id and with fresh attempts.
   *
   * @throws {AppError} job-not-failed, job-not-found or job-gone.
   */
  async retry(id: string): Promise<Job> {
    const { keys, ref } = locate(this.#core, id);
    const moved = await requeueDead(this.#core.redis, keys, [ref]);
    const job = await findJob(this.#core, id);
    if (moved > 0) return job;
    throw new AppError('job-not-failed', `Only failed jobs can be retried; this one is ${job.status}.`, {
      extensions: { jobStatus: job.status },
    });
  }

  /**
   * Removes a finished job for ever, and returns it as it was.
   *
   * @throws {AppError} job-not-finished, job-not-found or job-gone.
   */
  async remove(id: string): Promise<Job> {
    const { redis } = this.#core;
    const located = locate(this.#core, id);
    let found: Found = await remove(redis, located.keys, located.ref);
    if (await endIfExpired(this.#core, located, found)) {
      found = await remove(redis, located.keys, located.ref);
    }
    const job = showFound(this.#core, id, located, found);
    if (found.place !== 'result' && found.place !== 'failed') {
      throw new AppError(
        'job-not-finished',
        `The job is ${job.status}; cancel it first, or wait for its end.`,
        { extensions: { jobStatus: job.status } },
      );
    }
    return job;
  }
}
