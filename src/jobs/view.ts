import { decodeEntry } from '../redis/entry.ts';
import {
  checkOptions,
  type EntryOptions,
  expiryOf,
  maxAttempts,
  priorityOf,
  runAtOf,
  type TaskDefaults,
} from '../redis/entry-options.ts';
import { entryTime, formatJobId, type Ref } from '../redis/job-id.ts';
import { parseJson } from '../redis/parse-json.ts';
import { decodeRecord, type StoredError } from '../redis/result-record.ts';
import type { Job, JobError } from '../schemas/job.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import type { Found } from './scripts/lookup.ts';

/** Looks up what a task says about its jobs, as far as it is known here. */
export type DefaultsOf = (queue: string, task: string) => TaskDefaults | undefined;

type Shown = Exclude<Found, { place: 'gone' | 'none' }>;

const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });

const optionalTime = <K extends string>(key: K, ms: number | undefined) =>
  optional(key, ms === undefined ? undefined : toTimestamp(ms));

/**
 * The times at which Redis made an entry, or let it be due, and gave it to a reader may come from two looks at the clock, in
 * any order.
 */
function startOf({ entryId }: Ref, options: EntryOptions, ms: number | undefined) {
  const createdAt = entryTime(entryId);
  const first = runAtOf(createdAt, options) ?? createdAt;
  return optionalTime('startedAt', ms === undefined ? undefined : Math.max(ms, first));
}

/** What a job is from its id alone, and from the options in its entry. */
function common(queue: string, ref: Ref, options: EntryOptions) {
  const createdAt = entryTime(ref.entryId);
  return {
    id: formatJobId(queue, ref),
    queue,
    priority: priorityOf(ref.place, options),
    ...optional('metadata', options.m),
    createdAt: toTimestamp(createdAt),
    ...optionalTime('runAt', runAtOf(createdAt, options)),
  };
}

function shownErrors(stored: readonly StoredError[] | undefined): JobError[] | undefined {
  return stored?.map(({ at, ...error }) => ({ ...error, ...optionalTime('at', at) }));
}

const parseErrors = (lines: string | undefined): StoredError[] | undefined =>
  lines?.split('\n').map((line) => JSON.parse(line) as StoredError);

function fromRecord(queue: string, ref: Ref, text: string, expiresAt: number): Job {
  const record = decodeRecord(text);
  const options = checkOptions(record.o) ?? {};
  return {
    ...common(queue, ref, options),
    ...optional('task', record.t || undefined),
    status: record.s,
    attempt: record.a,
    maxAttempts: record.m ?? maxAttempts(options, undefined),
    ...('p' in record ? { payload: record.p } : {}),
    ...('r' in record ? { result: record.r } : {}),
    ...optional('errors', shownErrors(record.e)),
    ...startOf(ref, options, record.b),
    finishedAt: toTimestamp(record.f),
    expiresAt: toTimestamp(expiresAt),
    ...optional('worker', record.w || undefined),
  };
}

/** A job as the API shows it, from the place where it was found. */
export function viewJob(queue: string, ref: Ref, found: Shown, defaultsOf: DefaultsOf): Job {
  if (found.place === 'result') return fromRecord(queue, ref, found.record, found.expiresAt);
  const { place, notes } = found;
  const entry = decodeEntry(found.fields);
  const options = entry?.options ?? {};
  const errors = shownErrors(parseErrors(notes.errors));
  const started = place === 'running' || place === 'failed' || place === 'retrying';
  const progress = notes.progress === undefined ? undefined : parseJson(notes.progress);
  return {
    ...common(queue, ref, options),
    ...optional('task', entry?.task),
    status: place,
    attempt: found.attempt ?? notes.attempts,
    maxAttempts: maxAttempts(options, entry && defaultsOf(queue, entry.task)),
    ...(entry === undefined ? {} : { payload: entry.value }),
    ...optional('progress', progress),
    ...(place === 'failed' ? optional('error', errors?.at(-1)) : {}),
    ...optional('errors', errors),
    ...(place === 'retrying' ? optionalTime('runAt', found.at) : {}),
    ...startOf(ref, options, found.startedAt ?? notes.startedAt),
    ...(place === 'failed' ? optionalTime('finishedAt', found.at) : {}),
    ...(started ? {} : optionalTime('expiresAt', expiryOf(entryTime(ref.entryId), options))),
    ...optional('worker', found.worker ?? notes.worker),
  };
}

/** The view of a job that was just taken in, without asking Redis. */
export function viewNew(
  queue: string,
  ref: Ref,
  job: { task: string; payload: unknown; options: EntryOptions },
  defaults: TaskDefaults | undefined,
): Job {
  return {
    ...common(queue, ref, job.options),
    task: job.task,
    status: ref.place === 'parked' ? 'scheduled' : 'queued',
    attempt: 0,
    maxAttempts: maxAttempts(job.options, defaults),
    payload: job.payload,
    ...optionalTime('expiresAt', expiryOf(entryTime(ref.entryId), job.options)),
  };
}

/**
 * The JSON of `viewNew`, with the payload as the text that it is stored as. Most jobs have no options, and are
 * written without the detour over an object.
 */
export function textNew(
  queue: string,
  ref: Ref,
  job: { task: string; payload: string; options: EntryOptions },
  defaults: TaskDefaults | undefined,
): string {
  const { payload, options, task } = job;
  const head =
    ref.place !== 'parked' && Object.keys(options).length === 0
      ? `{"id":"${formatJobId(queue, ref)}","queue":"${queue}","priority":"${ref.place}","createdAt":"${toTimestamp(entryTime(ref.entryId))}","task":"${task}","status":"queued","attempt":0,"maxAttempts":${maxAttempts(options, defaults)}`
      : JSON.stringify({ ...viewNew(queue, ref, job, defaults), payload: undefined }).slice(0, -1);
  return `${head},"payload":${payload}}`;
}
