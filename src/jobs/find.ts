import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import { expireJobs } from '../lifecycle/expire.ts';
import { decodeEntry, entryTime, expiryOf, parseJobId, type Ref } from '../redis/entry.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { Job } from '../schemas/job.ts';
import { type Found, lookup } from './scripts/lookup.ts';
import { viewJob } from './view.ts';

/** A job's keys and ref, from its public id. */
export interface Located {
  keys: QueueKeys;
  ref: Ref;
}

/** @throws {AppError} job-not-found when the text cannot be an id. */
export function locate(core: Core, id: string): Located {
  const parsed = parseJobId(id);
  if (parsed === undefined) throw notFound(id);
  return { keys: core.keySpace.queue(parsed.queue), ref: parsed.ref };
}

const notFound = (id: string) =>
  new AppError(
    'job-not-found',
    `There is no job "${id.slice(0, 100)}". Check the id that the submit answered.`,
  );

/**
 * Reads a job in whatever place it is. A job that lapsed while nobody looked is ended as expired first.
 *
 * @throws {AppError} job-not-found when it never was, job-gone when it was and its result has expired.
 */
export async function findJob(core: Core, id: string): Promise<Job> {
  const located = locate(core, id);
  const [found] = await Promise.all([
    lookup(core.redis, located.keys, located.ref),
    // The view takes a task's defaults from what is cached.
    core.tasks.known(located.keys),
  ]);
  if (!(await endIfExpired(core, located, found))) return showFound(core, id, located, found);
  return showFound(core, id, located, await lookup(core.redis, located.keys, located.ref));
}

/** The view of what was found. @throws {AppError} job-not-found or job-gone. */
export function showFound(core: Core, id: string, { keys, ref }: Located, found: Found): Job {
  if (found.place === 'none') throw notFound(id);
  if (found.place === 'gone') {
    throw new AppError('job-gone', `The job "${id}" has ended and its result is not kept any more.`);
  }
  return viewJob(keys.queue, ref, found, core.tasks.defaultsOf);
}

/** Whether a job waits that no handler has begun on; one that was handed out and back stands where retries do. */
const neverBegan = (found: Found): found is Extract<Found, { notes: unknown }> =>
  found.place === 'queued' ||
  found.place === 'scheduled' ||
  (found.place === 'retrying' && found.notes.attempts === 0 && found.notes.startedAt === undefined);

/** Ends a job as expired that lapsed while nobody looked; tells whether it was one. */
export async function endIfExpired(core: Core, { keys, ref }: Located, found: Found): Promise<boolean> {
  if (!neverBegan(found)) return false;
  const options = decodeEntry(found.fields)?.options ?? {};
  const expiry = expiryOf(entryTime(ref.entryId), options);
  if (expiry === undefined || expiry > found.now) return false;
  await expireJobs(core, keys, [ref]);
  return true;
}
