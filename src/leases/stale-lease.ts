import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import { findJob } from '../jobs/find.ts';

const DISCARD = 'Discard your work on it.';

/** Why a lease may not act on a job: stale-lease with the job's status, or the error that there is no such job. */
export async function staleError(core: Core, id: string): Promise<AppError> {
  try {
    const { status } = await findJob(core, id);
    return new AppError('stale-lease', `The lease does not hold the job, which is ${status}. ${DISCARD}`, {
      extensions: { jobStatus: status },
    });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code !== 'job-gone') return error;
    const detail = 'The lease does not hold the job, which has ended and whose result has expired.';
    return new AppError('stale-lease', `${detail} ${DISCARD}`);
  }
}
