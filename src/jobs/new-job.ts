import {
  type EntryOptions,
  expiryOf,
  maxAttempts,
  runAtOf,
  type TaskDefaults,
} from '../redis/entry-options.ts';
import { entryTime, formatJobId, type Ref } from '../redis/job-id.ts';
import type { Job } from '../schemas/job.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import { commonMembers, optionalTime } from './view.ts';

/** The view of a job that was stored a moment ago. Needs no read from Redis. */
export function viewNewJob(
  queue: string,
  ref: Ref,
  job: { task: string; payload: unknown; options: EntryOptions },
  defaults: TaskDefaults | undefined,
): Job {
  const createdAt = entryTime(ref.entryId);
  const isEarly = (runAtOf(createdAt, job.options) ?? 0) > createdAt;
  return {
    ...commonMembers(queue, ref, job.options),
    task: job.task,
    status: ref.place === 'parked' && isEarly ? 'scheduled' : 'queued',
    attempt: 0,
    maxAttempts: maxAttempts(job.options, defaults),
    payload: job.payload,
    ...optionalTime('expiresAt', expiryOf(createdAt, job.options)),
  };
}

/**
 * The JSON text of `viewNewJob`. The payload is inserted as the text that is stored. A template writes the other
 * members of a job without options, which most jobs are: that takes a tenth of the time of view and JSON.stringify.
 */
export function newJobText(
  queue: string,
  ref: Ref,
  job: { task: string; payload: string; options: EntryOptions },
  defaults: TaskDefaults | undefined,
): string {
  const { payload, options, task } = job;
  const head =
    ref.place !== 'parked' && Object.keys(options).length === 0
      ? `{"id":"${formatJobId(queue, ref)}","queue":"${queue}","priority":"${ref.place}","createdAt":"${toTimestamp(entryTime(ref.entryId))}","task":"${task}","status":"queued","attempt":0,"maxAttempts":${maxAttempts(options, defaults)}`
      : JSON.stringify({ ...viewNewJob(queue, ref, job, defaults), payload: undefined }).slice(0, -1);
  return `${head},"payload":${payload}}`;
}
