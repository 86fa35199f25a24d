import { AppError } from '../errors.ts';
import { formatJobId, type Ref } from '../redis/entry.ts';
import { DEFAULT_QUEUE } from '../schemas/job.ts';
import { encodePayload } from './payload.ts';
import type { BatchOutcome, Candidate } from './submit.ts';

/** The queue that a candidate asks for. */
export const queueOf = (one: Candidate): string | undefined =>
  one.ok ? (one.job.queue ?? DEFAULT_QUEUE) : undefined;

/** An error as it is remembered with an Idempotency-Key. */
type Description = Pick<AppError, 'code' | 'errors' | 'extensions'> & { detail: string };

export const describe = ({ code, message, errors, extensions }: AppError): Description => ({
  code,
  detail: message,
  errors,
  extensions,
});

const restore = ({ code, detail, errors, extensions }: Description): AppError =>
  new AppError(code, detail, errors === undefined ? { extensions } : { errors, extensions });

/** A candidate whose text can be told from others': one that is nested too deeply is refused at once. */
export function readable(one: Candidate): Candidate {
  if (!one.ok) return one;
  try {
    encodePayload(one.job.payload ?? null);
    return one;
  } catch (error) {
    if (error instanceof AppError) return { ok: false, error };
    throw error;
  }
}

/** Outcomes from what was stored: refs in the order of the jobs that were taken in, and the others' errors. */
export function recalled(
  candidates: readonly Candidate[],
  { refs, note }: { refs: readonly Ref[]; note: string },
): BatchOutcome[] {
  const refused = JSON.parse(note) as (Description | null)[];
  const taken = refs.values();
  return candidates.map((one, i): BatchOutcome => {
    const error = refused[i];
    if (error) return { ok: false, error: restore(error) };
    const ref = taken.next().value;
    const queue = queueOf(one);
    if (ref === undefined || queue === undefined)
      throw new Error('an Idempotency-Key remembers another batch');
    return { ok: true, id: formatJobId(queue, ref) };
  });
}
