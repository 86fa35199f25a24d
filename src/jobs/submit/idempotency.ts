import { createHash } from 'node:crypto';
import { encodePayload } from '../../core/encode-json.ts';
import { AppError } from '../../errors.ts';
import type { Connection } from '../../redis/connection.ts';
import { formatJobId, type Ref } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { DEFAULT_QUEUE } from '../../schemas/job.ts';
import type { Candidate, SubmitOutcome } from './outcomes.ts';
import { type Once, type Remembered, recallOnce } from './scripts/submit.ts';

/** JSON with the members of objects in order, so that the same request has the same text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

/**
 * Names a submit by its Idempotency-Key. A key counts within a queue, where it is stored beside the jobs, in one
 * step with them.
 *
 * @param request all that was asked for; nested no deeper than payloads may be.
 */
export function onceFor(keys: QueueKeys, key: string, request: unknown, ttlMs: number): Once {
  const fingerprint = createHash('sha256').update(canonical(request)).digest('base64url');
  return { key: keys.idempotency(key), fingerprint, ttlMs, note: '' };
}

/**
 * What the key has stored, if it has. Asked before a request is checked: what was right then must not be refused
 * now because the worker that knew its task has gone.
 *
 * @throws {AppError} idempotency-mismatch when it was another request.
 */
export async function recall(redis: Connection, once: Once): Promise<Remembered | undefined> {
  const known = await recallOnce(redis, once.key);
  if (known !== undefined && known.fingerprint !== once.fingerprint) throw mismatch();
  return known;
}

export const mismatch = (): AppError =>
  new AppError(
    'idempotency-mismatch',
    'This Idempotency-Key was used with another request. Use a new key for each new request.',
  );

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
): SubmitOutcome[] {
  const refused = JSON.parse(note) as (Description | null)[];
  const taken = refs.values();
  return candidates.map((one, i): SubmitOutcome => {
    const error = refused[i];
    if (error) return { ok: false, error: restore(error) };
    const ref = taken.next().value;
    const queue = queueOf(one);
    if (ref === undefined || queue === undefined)
      throw new Error('an Idempotency-Key remembers another batch');
    return { ok: true, id: formatJobId(queue, ref) };
  });
}
