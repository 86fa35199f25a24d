import { AppError } from '../../errors.ts';
import type { Kind } from './scripts/submit-unique.ts';

/** Why a submit returns an existing job. `deduplicated`: that job has the place. `replaced`: it had the place, and got the new
 * payload. `cached`: it has completed lately. */
export type UniqueAnswer = 'deduplicated' | 'replaced' | 'cached';

/** What the script returns, and keeps with an Idempotency-Key, for each of these. */
const ANSWERS: Readonly<Record<string, UniqueAnswer>> = {
  existing: 'deduplicated',
  replaced: 'replaced',
  cached: 'cached',
} satisfies Partial<Record<Kind, UniqueAnswer>>;

/** Undefined: the job was stored as a new one. @param kind of `submitUnique`, as it is, or as a record has it. */
export const answerOf = (kind: string | undefined): UniqueAnswer | undefined =>
  kind === undefined ? undefined : ANSWERS[kind];

/** Another job has the place. @param jobId its id. */
export const notUnique = (jobId: string): AppError =>
  new AppError(
    'not-unique',
    `The unique job "${jobId}" has the place. Wait for its end, or cancel it. A place with \`for\` stays taken until that time is over.`,
    { extensions: { jobId } },
  );

/** Another job has the place of one of a batch that is stored as a whole. @param jobId its id; undefined: it is one of the batch. */
export function notUniqueInBatch(index: number, jobId: string | undefined): AppError {
  const holder = jobId === undefined ? 'another job of the batch' : `the job "${jobId}"`;
  const detail = 'No job was stored, since another job has the place of the one listed in `errors`.';
  return new AppError('not-unique', `${detail} Leave that one out, or wait for the end of the other.`, {
    errors: [{ pointer: `/jobs/${index}/unique`, detail: `has its place taken by ${holder}` }],
    ...(jobId !== undefined && { extensions: { jobId } }),
  });
}
