import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import { findJob, locateJob } from '../jobs/find.ts';
import { parseJobId } from '../redis/job-id.ts';

const DISCARD = 'Discard your work on it.';

/**
 * Why a lease may not act on a job: stale-lease with the job's status, or the error that there is no such job. Reports a
 * stale commit; a job that never was is nobody's.
 */
export async function staleError(
  core: Core,
  id: string,
  commit: { lease: string; move: string },
): Promise<AppError> {
  const error = await findError(core, id);
  if (error.code === 'stale-lease') {
    core.observe({ kind: 'stale', queue: parseJobId(id)?.queue ?? '', job: id, ...commit });
  }
  return error;
}

async function findError(core: Core, id: string): Promise<AppError> {
  try {
    const { status } = await findJob(core, locateJob(core, id));
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
