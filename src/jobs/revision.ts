import { createHash } from 'node:crypto';
import type { Job } from '../schemas/job.ts';
import { printJson } from '../schemas/json/json-text.ts';
import type { AttemptLimit } from '../schemas/values/attempts.ts';

/** The ETag of a job: changes whenever the job does. */
export function revisionOf(job: Job): string {
  // Before its first delivery a job changes only when its task announces another number of attempts. A job with a time
  // was delayed, or was delivered before.
  if (job.status === 'queued' && job.runAt === undefined) return revisionOfNew(job.maxAttempts);
  // A finished job changes only by a retry.
  if (job.finishedAt !== undefined) return `${job.status}-${Date.parse(job.finishedAt)}-${job.attempt}`;
  return createHash('sha1').update(printJson(job)).digest('base64url').slice(0, 16);
}

/** The revision of a job that waits in a lane for its first delivery. */
export const revisionOfNew = (maxAttempts: AttemptLimit): string => `new-${maxAttempts}`;
