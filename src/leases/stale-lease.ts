import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import { findJob, locateJob } from '../jobs/find.ts';

const DROP = 'Drop what you did for it.';

/** Why a lease may not act on a job: it is not its own any more, or never was a job. */
export async function staleError(core: Core, id: string): Promise<AppError> {
  try {
    const { status } = await findJob(core, locateJob(core, id));
    return new AppError('stale-lease', `The lease does not hold the job, which is ${status}. ${DROP}`, {
      extensions: { jobStatus: status },
    });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code !== 'job-gone') return error;
    const what = 'The lease does not hold the job, which has ended and is not kept any more.';
    return new AppError('stale-lease', `${what} ${DROP}`);
  }
}
