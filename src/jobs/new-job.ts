import {
  type EntryOptions,
  expiryOf,
  maxAttempts,
  runAtOf,
  type TaskDefaults,
} from '../redis/entry-options.ts';
import { entryTime, type Ref } from '../redis/job-id.ts';
import type { Job } from '../schemas/job.ts';
import { type JsonText, printJson } from '../schemas/json/json-text.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import { commonMembers, optionalTime } from './view.ts';

/** A job that was stored a moment ago. */
interface NewJob {
  readonly entry: { readonly task: string; readonly options: EntryOptions };
  readonly payload: JsonText;
}

/** Where a job is stored, and its id, which follows from that. */
interface StoredAt {
  readonly id: string;
  readonly queue: string;
  readonly ref: Ref;
}

/** The view of a job that was stored a moment ago. Needs no read from Redis. */
export function viewNewJob(
  queue: string,
  ref: Ref,
  { entry: { task, options }, payload }: NewJob,
  defaults: TaskDefaults | undefined,
): Job {
  const createdAt = entryTime(ref.entryId);
  const isEarly = (runAtOf(createdAt, options) ?? 0) > createdAt;
  return {
    ...commonMembers(queue, ref, options),
    task,
    status: ref.place === 'parked' && isEarly ? 'scheduled' : 'queued',
    attempt: 0,
    maxAttempts: maxAttempts(options, defaults),
    payload,
    ...optionalTime('expiresAt', expiryOf(createdAt, options)),
  };
}

/**
 * The JSON text of `viewNewJob`. The payload is inserted as the text that is stored. A template writes the other
 * members of a job without options, which most jobs are: that takes a tenth of the time of view and `printJson`.
 */
export function newJobText(
  { id, queue, ref }: StoredAt,
  job: NewJob,
  defaults: TaskDefaults | undefined,
): string {
  const { task, options } = job.entry;
  if (ref.place === 'parked' || Object.keys(options).length > 0)
    return printJson(viewNewJob(queue, ref, job, defaults));
  const attempts = maxAttempts(options, defaults);
  const printed = typeof attempts === 'number' ? attempts : `"${attempts}"`;
  return `{"id":"${id}","queue":"${queue}","priority":"${ref.place}","createdAt":"${toTimestamp(entryTime(ref.entryId))}","task":"${task}","status":"queued","attempt":0,"maxAttempts":${printed},"payload":${job.payload.text}}`;
}
