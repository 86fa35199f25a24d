import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import { cancelJob } from '../lifecycle/cancel-and-expire.ts';
import { atPresentRef } from '../lifecycle/scripts/changes/present-refs.ts';
import { requeueOne } from '../lifecycle/scripts/dead-letters.ts';
import { formatJobId, type Ref } from '../redis/job-id.ts';
import type { Job } from '../schemas/job.ts';
import { expireIfDue, findJob, isMissing, locateJob, viewFound } from './find.ts';
import type { Found } from './scripts/lookup.ts';
import { remove } from './scripts/remove.ts';
import { notUnique } from './unique/answers.ts';

/** Cancels, retries and removes single jobs. */
export class JobOperator {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Cancels a waiting job, or asks the worker of a running job to stop it. `done` tells which.
   *
   * @throws {AppError} job-finished, job-not-found or job-gone.
   */
  async cancel(id: string): Promise<{ done: boolean; job: Job }> {
    const located = locateJob(this.#core, id);
    const outcome = await cancelJob(this.#core, located.keys, located.ref);
    const job = await findJob(this.#core, located);
    if (outcome === 'finished') {
      throw wrongStatus('job-finished', `The job has finished already: it is ${job.status}.`, job);
    }
    return { done: outcome === 'withdrawn', job };
  }

  /**
   * Runs a failed job again, with the same id and the full number of attempts.
   *
   * @throws {AppError} job-not-failed, not-unique, job-not-found or job-gone.
   */
  async retry(id: string): Promise<Job> {
    const located = locateJob(this.#core, id);
    const { redis } = this.#core;
    const { keys } = located;
    const requeue = (ref: Ref) => requeueOne(redis, keys, ref);
    const { outcome: moved } = await atPresentRef(redis, keys, located.ref, requeue, (was) => was === false);
    if (typeof moved === 'object') throw notUnique(formatJobId(keys.queue, moved));
    const job = await findJob(this.#core, located);
    if (moved) return job;
    throw wrongStatus('job-not-failed', `Only failed jobs can be retried; this one is ${job.status}.`, job);
  }

  /**
   * Deletes a finished job, and returns its last view.
   *
   * @throws {AppError} job-not-finished, job-not-found or job-gone.
   */
  async remove(id: string): Promise<Job> {
    const { redis } = this.#core;
    const located = locateJob(this.#core, id);
    const { keys } = located;
    const removeAt = (ref: Ref) => remove(redis, keys, ref);
    const { outcome, ref } = await atPresentRef(redis, keys, located.ref, removeAt, isMissing);
    const present = { ...located, ref };
    const hasExpired = await expireIfDue(this.#core, present, outcome);
    const found: Found = hasExpired ? await removeAt(ref) : outcome;
    const job = viewFound(this.#core, present, found);
    if (found.place === 'result' || found.place === 'failed') return job;
    throw wrongStatus(
      'job-not-finished',
      `The job is ${job.status}; cancel it first, or wait until it has finished.`,
      job,
    );
  }
}

type WrongStatus = 'job-finished' | 'job-not-failed' | 'job-not-finished';

const wrongStatus = (code: WrongStatus, detail: string, { status }: Job): AppError =>
  new AppError(code, detail, { extensions: { jobStatus: status } });
