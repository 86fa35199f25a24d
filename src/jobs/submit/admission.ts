import type { Core } from '../../core/core.ts';
import { encodePayload } from '../../core/encode-json.ts';
import { AppError, invalidRequest } from '../../errors.ts';
import type { EntryOptions } from '../../redis/entry-options.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { KeySpace } from '../../redis/keyspace.ts';
import { type Backoff, DEFAULT_PRIORITY, DEFAULT_QUEUE, type SubmitJob } from '../../schemas/job.ts';
import type { Fault } from '../../schemas/problem.ts';
import {
  type DurationLimits,
  durationMs,
  MAX_DURATION_MS,
  RESULT_TTL_LIMITS,
  TIMEOUT_LIMITS,
} from '../../schemas/values/duration.ts';
import type { KnownTasks } from '../../tasks/directory.ts';
import type { NewEntry } from './scripts/submit.ts';

/** A job that has passed every check. */
export interface Prepared {
  entry: NewEntry;
  payload: unknown;
  tasks: KnownTasks;
  /** Whether the queue has a limit: the job is then stored only where there is free depth. */
  isLimited: boolean;
}

/**
 * Checks what the schema cannot, and decides the job's place; at once where the announcements are at hand.
 *
 * @throws {AppError} invalid-request, unknown-task or invalid-payload; the promise may reject with them, too.
 */
export function admitJob(core: Core, job: SubmitJob): Prepared | Promise<Prepared> {
  const { entry, payload } = newEntry(core.keySpace, job);
  const isLimited = core.limits.isLimited(entry.keys);
  const tasks = checkTask(core, entry.keys, job.task, payload);
  if (tasks instanceof Promise || isLimited instanceof Promise) {
    return Promise.all([tasks, isLimited]).then(([known, limited]) => ({
      entry,
      payload,
      tasks: known,
      isLimited: limited,
    }));
  }
  return { entry, payload, tasks, isLimited };
}

/** The entry of a job that is in form, whether a worker knows its task or not. @throws {AppError} invalid-request. */
export function newEntry(keySpace: KeySpace, job: SubmitJob): { entry: NewEntry; payload: unknown } {
  const keys = keySpace.queue(job.queue ?? DEFAULT_QUEUE);
  const payload = job.payload ?? null;
  const options = entryOptions(job);
  const text = encodePayload(payload);
  const waits = options.at !== undefined || options.d !== undefined;
  const priority = job.priority ?? DEFAULT_PRIORITY;
  if (waits && priority !== DEFAULT_PRIORITY) options.pr = priority;
  const place = waits ? 'parked' : priority;
  return { entry: { keys, place, task: job.task, payload: text, options }, payload };
}

/** Refuses a task or payload that no worker of the queue takes. */
function checkTask(
  core: Core,
  keys: QueueKeys,
  task: string,
  payload: unknown,
): KnownTasks | Promise<KnownTasks> {
  const known = core.tasks.known(keys);
  const isFine = (tasks: KnownTasks) => refusal(core, tasks, keys.queue, task, payload) === undefined;
  if (known instanceof Promise) {
    return known.then((tasks) => (isFine(tasks) ? tasks : checkTaskAgain(core, keys, task, payload)));
  }
  return isFine(known) ? known : checkTaskAgain(core, keys, task, payload);
}

/** Reads the announcements anew before a job is refused: a worker may just have come. */
async function checkTaskAgain(
  core: Core,
  keys: QueueKeys,
  task: string,
  payload: unknown,
): Promise<KnownTasks> {
  const renewed = await core.tasks.refresh(keys);
  const problem = refusal(core, renewed, keys.queue, task, payload);
  if (problem !== undefined) throw problem;
  return renewed;
}

function refusal(
  core: Core,
  known: KnownTasks,
  queue: string,
  task: string,
  payload: unknown,
): AppError | undefined {
  if (known.announced && !known.has(task) && core.settings.unknownTasks === 'reject') {
    return new AppError(
      'unknown-task',
      `No worker of queue "${queue}" knows the task "${task}". Known tasks: ${known.names.join(', ')}.`,
      {
        errors: [{ pointer: '/task', detail: `must be one of ${known.names.join(', ')}` }],
        extensions: { knownTasks: known.names },
      },
    );
  }
  const faults = known.checkPayload(task, payload);
  if (faults.length === 0) return undefined;
  return new AppError('invalid-payload', `The payload does not fit what the task "${task}" takes.`, {
    errors: faults,
  });
}

/** Members of a job that say nothing about how it is run. */
const PLAIN: ReadonlySet<string> = new Set([
  'task',
  'queue',
  'payload',
  'priority',
] satisfies (keyof SubmitJob)[]);

function entryOptions(job: SubmitJob): EntryOptions {
  if (Object.keys(job).every((member) => PLAIN.has(member))) return {};
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
  const runAt = job.runAt === undefined ? undefined : startTime(job.runAt, faults);
  const options: EntryOptions = compact({
    d: delay === 0 ? undefined : delay,
    at: runAt,
    a: job.attempts,
    b: job.backoff && backoff(job.backoff, ms),
    to: ms('timeout', job.timeout, TIMEOUT_LIMITS),
    x: ms('expiresIn', job.expiresIn),
    rt: ms('resultTtl', job.resultTtl, RESULT_TTL_LIMITS),
    m: job.metadata,
    k: job.keepPayload === true ? (true as const) : undefined,
  });
  if (faults.length > 0) throw invalidRequest(faults);
  return options;
}

function backoff(
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

function startTime(text: string, faults: Fault[]): number | undefined {
  const at = Date.parse(text);
  if (Number.isNaN(at) || at > Date.now() + MAX_DURATION_MS || at < 0) {
    faults.push({ pointer: '/runAt', detail: 'must be a time from 1970 to ten years from now' });
  }
  return at;
}

type Compact<T> = { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> } & {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
};

/** Without the members that are undefined. */
function compact<T extends object>(value: T): Compact<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Compact<T>;
}
