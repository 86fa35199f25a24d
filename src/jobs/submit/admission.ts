import type { Clock } from '../../clock.ts';
import type { Core } from '../../core/core.ts';
import { invalidRequest } from '../../errors.ts';
import { attemptOptions, type EntryOptions, traceOptions } from '../../redis/entry-options.ts';
import type { KeySpace } from '../../redis/keyspace.ts';
import { type Backoff, DEFAULT_PRIORITY, DEFAULT_QUEUE, type SubmitJob } from '../../schemas/job.ts';
import { textFault } from '../../schemas/json/json-fault.ts';
import { JSON_NULL, JsonText } from '../../schemas/json/json-text.ts';
import type { Fault } from '../../schemas/problem.ts';
import {
  type DurationLimits,
  durationMs,
  MAX_DURATION_MS,
  MAX_START_MS,
  RESULT_TTL_LIMITS,
  TIMEOUT_LIMITS,
} from '../../schemas/values/duration.ts';
import { timeMs } from '../../schemas/values/timestamp.ts';
import type { Trace } from '../../schemas/values/trace.ts';
import type { AnnouncedTasks } from '../../tasks/directory.ts';
import { uniqueRule } from '../unique/rule.ts';
import type { UniqueRule } from '../unique/scripts/unique-rule.ts';
import { checkTask } from './check-task.ts';
import type { NewEntry } from './scripts/submit.ts';

/** A job that has passed every check and has its entry. */
export interface AdmittedJob {
  entry: NewEntry;
  payload: JsonText;
  tasks: AnnouncedTasks;
  /** Whether the queue has `maxJobs` or `submitEvents`: only the submit script heeds them. */
  needsScript: boolean;
}

/**
 * Checks what the schema cannot check, and decides the job's place. Returns without a promise when the announced tasks
 * and the settings of the queue are cached.
 *
 * @param trace that the job belongs to.
 * @throws {AppError} invalid-request, unknown-task, invalid-payload or checks-busy. The promise rejects with the same errors.
 */
export function admitJob(core: Core, job: SubmitJob, trace?: Trace): AdmittedJob | Promise<AdmittedJob> {
  const { entry, payload } = newEntry(core.keySpace, job, core.clock);
  if (trace !== undefined) Object.assign(entry.options, traceOptions(trace));
  const fault = textFault(payload, '/payload');
  if (fault !== undefined) throw invalidRequest([fault]);
  const now = core.clock.monotonic();
  const needsScript = core.submitSettings.isSet(entry.keys, now);
  const tasks = checkTask(core, entry.keys, job.task, payload, now);
  if (tasks instanceof Promise || needsScript instanceof Promise) {
    return Promise.all([tasks, needsScript]).then(([announced, isSet]) => ({
      entry: withDefaults(entry, announced),
      payload,
      tasks: announced,
      needsScript: isSet,
    }));
  }
  return { entry: withDefaults(entry, tasks), payload, tasks, needsScript };
}

/**
 * The entry of a job that fits the schema. Does not check its task and payload.
 *
 * @param clock read only for a job with `runAt`.
 * @throws {AppError} invalid-request.
 */
export function newEntry(
  keySpace: KeySpace,
  job: SubmitJob,
  clock: Pick<Clock, 'wall'>,
): { entry: NewEntry; payload: JsonText } {
  const keys = keySpace.queue(job.queue ?? DEFAULT_QUEUE);
  const payload = job.payload === undefined ? JSON_NULL : JsonText.of(job.payload);
  const { options, unique } = entryOptions(job, clock);
  const isDelayed = options.at !== undefined || options.d !== undefined;
  const priority = job.priority ?? DEFAULT_PRIORITY;
  if (isDelayed && priority !== DEFAULT_PRIORITY) options.pr = priority;
  const place = isDelayed ? 'parked' : priority;
  const entry: NewEntry = { keys, place, task: job.task, payload: payload.text, options };
  if (unique !== undefined) entry.unique = unique;
  return { entry, payload };
}

/** Fixes the defaults of the task as they are announced now, as far as the job does not say its own. */
export function withDefaults<E extends Pick<NewEntry, 'task' | 'options'>>(
  entry: E,
  tasks: Pick<AnnouncedTasks, 'defaults'>,
): E {
  const defaults = tasks.defaults(entry.task);
  if (defaults === undefined) return entry;
  const { attempts, backoff, timeoutMs } = defaults;
  if (attempts === undefined && backoff === undefined && timeoutMs === undefined) return entry;
  const { options } = entry;
  const own = compact({
    ...(options.a === undefined && attemptOptions(attempts)),
    b: backoff,
    to: timeoutMs,
  });
  return { ...entry, options: { ...own, ...options } };
}

/** Members of a job that are not options of its entry. */
const NOT_OPTIONS: ReadonlySet<string> = new Set([
  'task',
  'queue',
  'payload',
  'priority',
] satisfies (keyof SubmitJob)[]);

/** The options that the job names itself, and the rule of its place if it is unique. */
function entryOptions(
  job: SubmitJob,
  clock: Pick<Clock, 'wall'>,
): { options: EntryOptions; unique?: UniqueRule | undefined } {
  if (Object.keys(job).every((member) => NOT_OPTIONS.has(member))) return { options: {} };
  const faults: Fault[] = [];
  const ms = (field: string, value: number | string | undefined, limits: DurationLimits = {}) => {
    if (value === undefined) return undefined;
    const { min = 0, max = MAX_DURATION_MS } = limits;
    const parsed = durationMs(value);
    if (parsed < min) faults.push({ pointer: `/${field}`, detail: `must be at least ${min} ms` });
    if (parsed > max) faults.push({ pointer: `/${field}`, detail: `must be at most ${max} ms` });
    return parsed;
  };
  if (job.delay !== undefined && job.runAt !== undefined) {
    faults.push({ pointer: '/runAt', detail: 'is not allowed together with delay; give one of them' });
  }
  const delay = ms('delay', job.delay);
  const runAt = job.runAt === undefined ? undefined : startTime(job.runAt, clock.wall(), faults);
  const options: EntryOptions = compact({
    d: delay === 0 ? undefined : delay,
    at: runAt,
    ...attemptOptions(job.attempts),
    b: job.backoff && backoffMs(job.backoff, ms),
    to: ms('timeout', job.timeout, TIMEOUT_LIMITS),
    x: ms('expiresIn', job.expiresIn),
    rt: ms('resultTtl', job.resultTtl, RESULT_TTL_LIMITS),
    m: job.metadata,
    tg: tagOptions(job.tags),
    y: job.key,
    k: job.keepPayload === true ? (true as const) : undefined,
  });
  const unique = uniqueRule(job, ms, faults);
  if (faults.length > 0) throw invalidRequest(faults);
  return { options, unique };
}

/** Each tag once; undefined for none. */
const tagOptions = (tags: readonly string[] | undefined): string[] | undefined =>
  tags === undefined || tags.length === 0 ? undefined : [...new Set(tags)];

function backoffMs(
  value: Backoff,
  ms: (field: string, value: number | string | undefined) => number | undefined,
): Backoff {
  return compact({
    type: value.type,
    delay: ms('backoff/delay', value.delay) ?? 0,
    max: ms('backoff/max', value.max),
    jitter: value.jitter,
  });
}

function startTime(text: string, now: number, faults: Fault[]): number {
  const at = timeMs(text);
  if (Number.isNaN(at) || at > now + MAX_START_MS || at < 0) {
    faults.push({ pointer: '/runAt', detail: 'must be a time from 1970 to 100 years from now' });
  }
  return at;
}

type Compact<T> = { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> } & {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
};

/** The object without its undefined members. */
export function compact<T extends object>(value: T): Compact<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Compact<T>;
}
