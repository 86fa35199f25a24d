import { AppError } from '../../errors.ts';

/** Why a submit returns an existing job. `deduplicated`: that job has the place. `replaced`: it had the place, and got the new
 * payload. `cached`: it has completed lately. */
export type UniqueAnswer = 'deduplicated' | 'replaced' | 'cached';

/** What the script returns, and keeps with an Idempotency-Key, for each of these. */
const ANSWERS: Readonly<Record<string, UniqueAnswer>> = {
  existing: 'deduplicated',
  replaced: 'replaced',
  cached: 'cached',
};

/** Undefined: the job was stored as a new one. */
export const answerOf = (outcome: string): UniqueAnswer | undefined => ANSWERS[outcome];

/** Another job has the place. @param jobId its id. */
export const notUnique = (jobId: string): AppError =>
  new AppError(
    'not-unique',
    `The unique job "${jobId}" has the place. Wait for its end, or cancel it. A place with \`for\` stays taken until that time is over.`,
    { extensions: { jobId } },
  );
