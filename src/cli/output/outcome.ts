import type { Job } from '../../schemas/job.ts';
import { countText } from '../count-text.ts';
import { EXIT } from '../exits.ts';
import type { Io } from '../io.ts';
import { hasEnded } from '../remote/watch-job.ts';
import { inert } from './inert.ts';

/** Says why a job has no result, and returns the exit code that tells how the job stands. */
export async function tellOutcome(job: Job, { err }: Io): Promise<number> {
  if (job.status === 'completed') return EXIT.done;
  if (!hasEnded(job)) {
    await err.write(`Job ${job.id} is still ${job.status}. Go on with: millrace get ${job.id} --watch\n`);
    return EXIT.failed;
  }
  const { error } = job;
  const reason = error === undefined ? '' : `: ${inert(`${error.name ?? 'Error'}: ${error.message}`)}`;
  await err.write(`${err.paint('red', `Job ${job.id} ${wordOf(job)}`)}${reason}\n`);
  return EXIT.failed;
}

const wordOf = ({ status, attempt }: Job): string =>
  status === 'failed'
    ? `failed after ${countText(attempt, 'attempt')}`
    : status === 'cancelled'
      ? 'was cancelled'
      : status;
