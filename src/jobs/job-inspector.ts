import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import type { Job } from '../schemas/job.ts';
import { findJob } from './find.ts';

/** Reads single jobs. */
export class JobInspector {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** @throws {AppError} job-not-found or job-gone. */
  find(id: string): Promise<Job> {
    return findJob(this.#core, id);
  }

  /** The job, or undefined when it is not kept any more. */
  async findKept(id: string): Promise<Job | undefined> {
    try {
      return await findJob(this.#core, id);
    } catch (error) {
      if (error instanceof AppError && (error.code === 'job-gone' || error.code === 'job-not-found'))
        return undefined;
      throw error;
    }
  }
}
