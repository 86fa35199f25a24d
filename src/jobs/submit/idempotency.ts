import { createHash } from 'node:crypto';
import { type Core, isAcked } from '../../core/core.ts';
import { AppError } from '../../errors.ts';
import { formatJobId } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { DEFAULT_QUEUE } from '../../schemas/job.ts';
import { canonicalJson, type Numbers } from '../../schemas/json/canonical.ts';
import { Slices } from '../../slices.ts';
import { answerOf, notUnique } from '../unique/answers.ts';
import { canonicalInSlices } from './canonical-in-slices.ts';
import type { BulkOptions, Candidate, SubmitOutcome } from './outcomes.ts';
import { type Once, type Remembered, recallOnce } from './scripts/once.ts';
import { recallAcked } from './scripts/recall-acked.ts';

const digest = async (request: unknown, numbers: Numbers): Promise<string> =>
  createHash('sha256')
    .update(await canonicalInSlices(request, numbers))
    .digest('base64url');

/** A submit with an Idempotency-Key. */
export interface KeyedSubmit extends Once {
  /** Everything that must be equal in a repeated submit. */
  readonly request: unknown;
}

/**
 * What makes a submit with an Idempotency-Key store its jobs once. The key is valid within one queue: the script
 * stores it beside the jobs, in the same step.
 */
export const onceFor = async (
  keys: QueueKeys,
  key: string,
  request: unknown,
  ttlMs: number,
): Promise<KeyedSubmit> => ({
  key: keys.idempotency(key),
  queue: keys.queue,
  request,
  fingerprint: await digest(request, 'exact'),
  ttlMs,
  note: '',
});

/**
 * What an earlier submit with the key has stored, or undefined. Callers ask before admission: a repeated submit must
 * not be refused because the worker that announced its task has stopped.
 *
 * @throws {AppError} idempotency-mismatch when the earlier request was another one. not-replicated: replicas may lack what it
 *   has stored.
 */
export async function findReplay(core: Core, once: KeyedSubmit): Promise<Remembered | undefined> {
  const found = await recallOnce(core.redis, once.key);
  const stored = found !== undefined && isAcked(core) ? await recallAcked(core.acked, once.key) : found;
  if (stored === undefined || stored.fingerprint === once.fingerprint) return stored;
  // Older releases had rounded the numbers before they made the fingerprint.
  if (!stored.isExact && stored.fingerprint === (await digest(once.request, 'rounded'))) return stored;
  throw keyMismatch();
}

const keyMismatch = (): AppError =>
  new AppError(
    'idempotency-mismatch',
    'This Idempotency-Key was used with another request. Use a new key for each new request.',
  );

/** The key of one part of a bulk submit. No key of a client has a line break. */
export const partKey = (key: string, index: number): string => (index === 0 ? key : `${key}\n${index}`);

/** The queue of a candidate; undefined when its form is invalid. */
const queueOf = (one: Candidate): string | undefined =>
  one.ok ? (one.job.queue ?? DEFAULT_QUEUE) : undefined;

/** A refusal as stored with an Idempotency-Key. */
type StoredRefusal = Pick<AppError, 'code' | 'errors' | 'extensions'> & { detail: string };

export const describeError = ({ code, message, errors, extensions }: AppError): StoredRefusal => ({
  code,
  detail: message,
  errors,
  extensions,
});

const restoreError = ({ code, detail, errors, extensions }: StoredRefusal): AppError =>
  new AppError(code, detail, errors === undefined ? { extensions } : { errors, extensions });

/**
 * As `onceFor` for a bulk submit, or a part of it. The queue of its first valid job stores the key. Others get their turn
 * while the fingerprint is made, which is that of the whole request all the same.
 */
export async function onceForBulk(
  { keySpace, settings }: Core,
  candidates: readonly Candidate[],
  { atomic, key, part }: BulkOptions & { readonly key: string },
): Promise<KeyedSubmit> {
  const queue = candidates.map(queueOf).find((name) => name !== undefined) ?? DEFAULT_QUEUE;
  const items = candidates.map((one) => (one.ok ? one.job : describeError(one.error)));
  const hash = createHash('sha256').update(`{"atomic":${atomic},"items":[`);
  const slices = new Slices();
  for (const [i, item] of items.entries()) {
    hash.update((i === 0 ? '' : ',') + (await canonicalInSlices(item, 'exact', slices)));
    if (slices.isOver) await slices.next();
  }
  hash.update(part === undefined ? ']}' : `],"part":${canonicalJson(part, 'exact')}}`);
  return {
    key: keySpace.queue(queue).idempotency(partKey(key, part?.index ?? 0)),
    queue,
    request: { atomic, items, ...(part && { part }) },
    fingerprint: hash.digest('base64url'),
    ttlMs: settings.idempotencyTtlMs,
    note: '',
  };
}

/**
 * Outcomes from a stored record: `refs` and `kinds` in the order of the jobs that were admitted, and in `note` the refusals of the
 * others.
 */
export function replayOutcomes(
  candidates: readonly Candidate[],
  { refs, kinds, note }: Pick<Remembered, 'refs' | 'kinds' | 'note'>,
): SubmitOutcome[] {
  const refused = JSON.parse(note) as (StoredRefusal | null)[];
  let next = 0;
  return candidates.map((one, i): SubmitOutcome => {
    const error = refused[i];
    if (error) return { ok: false, error: restoreError(error) };
    const ref = refs[next];
    const kind = kinds?.[next];
    next += 1;
    const queue = queueOf(one);
    if (ref === undefined || queue === undefined)
      throw new Error('the record of an Idempotency-Key does not match its request');
    const id = formatJobId(queue, ref);
    if (kind === 'reject') return { ok: false, error: notUnique(id) };
    const answer = answerOf(kind);
    return { ok: true, id, ...(answer !== undefined && { answer }) };
  });
}
