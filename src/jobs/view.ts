import { readEntry } from '../redis/entry.ts';
import {
  checkOptions,
  type EntryOptions,
  expiryOf,
  firstRef,
  maxAttempts,
  priorityOf,
  runAtOf,
  type TaskDefaults,
  traceOf,
} from '../redis/entry-options.ts';
import { entryTime, formatJobId, type Ref } from '../redis/job-id.ts';
import { decodeError, decodeRecord, type StoredError } from '../redis/result-record.ts';
import type { Job, JobError } from '../schemas/job.ts';
import { JsonText } from '../schemas/json/json-text.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import type { Found } from './scripts/lookup.ts';

/** Finds the defaults that a task sets for its jobs, as far as they are cached. */
export type DefaultsOf = (queue: string, task: string) => TaskDefaults | undefined;

type ViewableJob = Exclude<Found, { place: 'gone' | 'none' }>;

const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });

const readText = (text: string | undefined): JsonText | undefined =>
  text === undefined ? undefined : JsonText.read(text);

export const optionalTime = <K extends string>(key: K, ms: number | undefined) =>
  optional(key, ms === undefined ? undefined : toTimestamp(ms));

/** Redis reads its clock once for the entry and once for its delivery, so the start could precede the earliest start. */
function startOf(ref: Ref, options: EntryOptions, ms: number | undefined) {
  const createdAt = entryTime(firstRef(ref, options).entryId);
  const earliest = runAtOf(createdAt, options) ?? createdAt;
  return optionalTime('startedAt', ms === undefined ? undefined : Math.max(ms, earliest));
}

/** The members of a view that follow from a job's id and the options in its entry. */
export function commonMembers(queue: string, ref: Ref, options: EntryOptions) {
  const first = firstRef(ref, options);
  const createdAt = entryTime(first.entryId);
  return {
    id: formatJobId(queue, first),
    queue,
    priority: priorityOf(ref.place, options),
    ...optional('key', options.y),
    ...optional('metadata', options.m),
    ...optional('tags', options.tg),
    ...optional('rerunOf', options.ro),
    ...optional('trace', traceOf(options)),
    createdAt: toTimestamp(createdAt),
    ...optionalTime('runAt', runAtOf(createdAt, options)),
  };
}

function viewErrors(stored: readonly StoredError[] | undefined): JobError[] | undefined {
  return stored?.map(({ at, ...error }) => ({ ...error, ...optionalTime('at', at) }));
}

const parseErrors = (lines: string | undefined): StoredError[] | undefined =>
  lines?.split('\n').map(decodeError);

function viewFinished(queue: string, ref: Ref, text: string, expiresAt: number): Job {
  const record = decodeRecord(text);
  const options = checkOptions(record.o) ?? {};
  return {
    ...commonMembers(queue, ref, options),
    ...optional('task', record.t || undefined),
    status: record.s,
    attempt: record.a,
    maxAttempts: record.m ?? maxAttempts(options, undefined),
    ...('p' in record ? { payload: record.p } : {}),
    ...('r' in record ? { result: record.r } : {}),
    ...optional('errors', viewErrors(record.e)),
    ...startOf(ref, options, record.b),
    finishedAt: toTimestamp(record.f),
    expiresAt: toTimestamp(expiresAt),
    ...optional('worker', record.w || undefined),
  };
}

/** The job for a client that asked not to get its payload. */
export function withoutPayload({ payload: _, ...job }: Job): Job {
  return job;
}

/** A job as the API shows it, from what was found of it. Payload, progress, checkpoint and result are a `JsonText`. */
export function viewJob(queue: string, ref: Ref, found: ViewableJob, defaultsOf: DefaultsOf): Job {
  if (found.place === 'result') return viewFinished(queue, ref, found.record, found.expiresAt);
  const { place, notes } = found;
  const entry = readEntry(found.fields);
  const options = entry?.options ?? {};
  const errors = viewErrors(parseErrors(notes.errors));
  const isStarted = place === 'running' || place === 'failed' || notes.hasStarted;
  return {
    ...commonMembers(queue, ref, options),
    ...optional('task', entry?.task),
    status: place,
    ...optional('heldBy', found.heldBy),
    attempt: found.attempt ?? notes.attempts,
    maxAttempts: maxAttempts(options, entry && defaultsOf(queue, entry.task)),
    ...(entry === undefined ? {} : { payload: entry.json }),
    ...optional('progress', readText(notes.progress)),
    ...optional('checkpoint', readText(notes.checkpoint)),
    ...(place === 'failed' ? optional('error', errors?.at(-1)) : {}),
    ...optional('errors', errors),
    ...(place === 'failed' ? {} : optionalTime('runAt', found.at)),
    ...startOf(ref, options, found.startedAt ?? notes.startedAt),
    ...(place === 'failed' ? optionalTime('finishedAt', found.at) : {}),
    ...(isStarted ? {} : optionalTime('expiresAt', expiryOf(entryTime(ref.entryId), options))),
    ...optional('worker', found.worker ?? notes.worker),
  };
}
