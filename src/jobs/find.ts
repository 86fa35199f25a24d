import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import { expireJobs } from '../lifecycle/cancel-and-expire.ts';
import { atPresentRef } from '../lifecycle/scripts/changes/present-refs.ts';
import { decodeEntry } from '../redis/entry.ts';
import { expiryOf } from '../redis/entry-options.ts';
import { entryTime, parseJobId, type Ref } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { Job } from '../schemas/job.ts';
import { clip } from '../schemas/json/well-formed.ts';
import { type Found, lookup } from './scripts/lookup.ts';
import { viewJob } from './view.ts';

/** A job's public id, and what it stands for: the keys of its queue and its ref there, which a change of the job replaces. */
export interface LocatedJob {
  readonly id: string;
  readonly keys: QueueKeys;
  readonly ref: Ref;
}

/** @throws {AppError} job-not-found when the text is not a job id. */
export function locateJob(core: Core, id: string): LocatedJob {
  const parsed = parseJobId(id);
  if (parsed === undefined) throw notFound(id);
  return { id, keys: core.keySpace.queue(parsed.queue), ref: parsed.ref };
}

const notFound = (id: string) =>
  new AppError(
    'job-not-found',
    `There is no job "${clip(id, 100)}". Check the id that the response to the submit gave.`,
  );

/**
 * Reads a job wherever it is. Expires it first when its time is up and no worker has done so.
 *
 * @throws {AppError} job-not-found when there never was such a job, job-gone when its result has expired.
 */
export async function findJob(core: Core, located: LocatedJob): Promise<Job> {
  const { present, found } = await findStored(core, located);
  return viewFound(core, present, found);
}

/** As `findJob`, but gives what is stored, and where: a changed job has another entry than its id names. */
export async function findStored(
  core: Core,
  located: LocatedJob,
): Promise<{ present: LocatedJob; found: Found }> {
  const look = (ref: Ref) => lookup(core.redis, located.keys, ref);
  const [{ outcome, ref }] = await Promise.all([
    atPresentRef(core.redis, located.keys, located.ref, look, isMissing),
    // The view takes the defaults of a task from the cache, which this fills.
    core.tasks.announced(located.keys),
  ]);
  const present = { ...located, ref };
  const hasExpired = await expireIfDue(core, present, outcome);
  return { present, found: hasExpired ? await look(ref) : outcome };
}

/** Whether nothing is stored under the ref. */
export const isMissing = ({ place }: Found): boolean => place === 'none' || place === 'gone';

/** The job as the API shows it. @throws {AppError} job-not-found or job-gone. */
export function viewFound(core: Core, { id, keys, ref }: LocatedJob, found: Found): Job {
  if (found.place === 'none') throw notFound(id);
  if (found.place === 'gone') {
    const why = 'Its result has expired, somebody removed it, or no job ever had this id.';
    throw new AppError('job-gone', `The job "${id}" is not kept. ${why}`);
  }
  return viewJob(keys.queue, ref, found, core.tasks.defaultsOf);
}

/** Whether no handler has started the job. A released job may wait for its time, though none has started it. */
const hasNotStarted = (found: Found): found is Extract<Found, { notes: unknown }> =>
  (found.place === 'queued' || found.place === 'scheduled' || found.place === 'retrying') &&
  !found.notes.hasStarted;

/** Expires a job whose time is up. Returns whether it did. */
export async function expireIfDue(core: Core, { keys, ref }: LocatedJob, found: Found): Promise<boolean> {
  if (!hasNotStarted(found)) return false;
  const options = decodeEntry(found.fields)?.options ?? {};
  const expiry = expiryOf(entryTime(ref.entryId), options);
  if (expiry === undefined || expiry > found.now) return false;
  await expireJobs(core, keys, [ref]);
  return true;
}
