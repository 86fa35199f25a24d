import type { Core } from '../core/core.ts';
import { AppError, invalidRequest } from '../errors.ts';
import { type Change, change } from '../lifecycle/scripts/changes/change.ts';
import { readEntry, type TextEntry } from '../redis/entry.ts';
import { type EntryOptions, expiryOf, firstRef, priorityOf, runAtOf } from '../redis/entry-options.ts';
import { entryTime } from '../redis/job-id.ts';
import { DEFAULT_PRIORITY, type Job } from '../schemas/job.ts';
import type { ChangeJob } from '../schemas/jobs/change.ts';
import { textFault } from '../schemas/json/json-fault.ts';
import type { Priority } from '../schemas/values/names.ts';
import { findJob, findStored, type LocatedJob, locateJob, viewFound } from './find.ts';
import type { Found } from './scripts/lookup.ts';
import { compact, newEntry } from './submit/admission.ts';
import { checkTask } from './submit/check-task.ts';

/** Between a look at a job and its change, others may change it. Nobody does so this often at a time. */
const MOST_TRIES = 20;

type Waiting = Extract<Found, { notes: unknown }>;

/** Changes jobs that wait. */
export class JobChanger {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Changes a job that has not started; it keeps its id.
   *
   * @param isExpected whether the client wants to change the job in its present state.
   * @throws {AppError} precondition-failed, job-started, invalid-request, unknown-task, invalid-payload, job-not-found or
   *   job-gone; nothing was changed.
   */
  async change(id: string, changes: ChangeJob, isExpected: (job: Job) => boolean): Promise<Job> {
    const located = locateJob(this.#core, id);
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const { present, found } = await findStored(this.#core, located);
      const job = viewFound(this.#core, present, found);
      if (!isExpected(job)) throw changedSince(job);
      if (!isWaiting(found)) throw hasStarted(job);
      if (Object.keys(changes).length === 0) return job;
      const outcome = await this.#write(present, found, changes);
      if (outcome.kind === 'started') throw hasStarted(await findJob(this.#core, present));
      if (outcome.kind === 'changed') return findJob(this.#core, { ...present, ref: outcome.ref });
    }
    throw new Error(`the job ${id} changed ${MOST_TRIES} times while it was read`);
  }

  async #write(present: LocatedJob, found: Waiting, changes: ChangeJob) {
    const entry = readEntry(found.fields);
    if (entry === undefined)
      throw invalidRequest([{ pointer: '', detail: 'cannot change an entry that is no job' }]);
    const changed = applyChanges(this.#core, present, { entry, found }, changes);
    if (changes.payload !== undefined) {
      const fault = textFault(changed.json, '/payload');
      if (fault !== undefined) throw invalidRequest([fault]);
      await checkTask(this.#core, present.keys, entry.task, changed.json);
    }
    return change(this.#core.acked, present.keys, changed.change);
  }
}

/** Whether the job may not have started: only the script sees all. */
const isWaiting = (found: Found): found is Waiting =>
  (found.place === 'queued' || found.place === 'scheduled' || found.place === 'retrying') &&
  !found.notes.hasStarted;

/** @throws {AppError} invalid-request. */
function applyChanges(
  { keySpace, clock }: Core,
  { keys, ref }: LocatedJob,
  { entry, found }: { entry: TextEntry; found: Waiting },
  changes: ChangeJob,
): { change: Change; json: TextEntry['json'] } {
  const first = firstRef(ref, entry.options);
  const request = { task: entry.task, queue: keys.queue, ...changes };
  const { entry: wanted, payload } = newEntry(keySpace, request, clock);
  const createdAt = entryTime(first.entryId);
  const before = timesOf(entry.options, createdAt, entryTime(ref.entryId), found.at);
  const times = { ...before, ...newTimes(changes, wanted.options, found.now) };
  const json = changes.payload === undefined ? entry.json : payload;
  return {
    json,
    change: {
      ref,
      first,
      task: entry.task,
      payload: json.text,
      options: newOptions(entry.options, wanted.options, {
        pr: changes.priority ?? priorityOf(ref.place, entry.options),
        at: times.runAt,
        tg: changes.tags === undefined ? entry.options.tg : wanted.options.tg,
      }),
      oldTags: changes.tags === undefined ? undefined : (entry.options.tg ?? []),
      at: times.readyAt,
      expiresAt: times.expiresAt,
    },
  };
}

/** Unix ms. */
interface Times {
  /** As the options say it: undefined for a job that was never delayed. */
  runAt: number | undefined;
  /** When it may start. */
  readyAt: number;
  expiresAt: number | undefined;
}

/** @param waitsFor when the job may start, if it waits for a time. */
function timesOf(
  options: EntryOptions,
  createdAt: number,
  entryAt: number,
  waitsFor: number | undefined,
): Times {
  const runAt = runAtOf(createdAt, options);
  return { runAt, readyAt: waitsFor ?? runAt ?? createdAt, expiresAt: expiryOf(entryAt, options) };
}

/** Those that the client changes. Durations count from now. */
const newTimes = (changes: ChangeJob, wanted: EntryOptions, now: number): Partial<Times> => ({
  ...newStart(changes, wanted, now),
  ...(changes.expiresIn !== undefined && { expiresAt: now + (wanted.x ?? 0) }),
});

function newStart({ delay, runAt }: ChangeJob, { d = 0, at }: EntryOptions, now: number): Partial<Times> {
  if (runAt !== undefined) return { runAt: at, readyAt: at ?? now };
  if (delay === undefined) return {};
  return { runAt: d === 0 ? undefined : now + d, readyAt: now + d };
}

/** The options of the new entry, without its expiry. */
function newOptions(
  { d: _, x: __, ...before }: EntryOptions,
  { a, u, to = before.to, m = before.m }: EntryOptions,
  { pr, ...given }: { pr: Priority; at: number | undefined; tg: string[] | undefined },
): EntryOptions {
  const attempts = a === undefined ? { a: before.a, u: before.u } : { a, u };
  return compact({ ...before, ...attempts, to, m, pr: pr === DEFAULT_PRIORITY ? undefined : pr, ...given });
}

const changedSince = ({ status }: Job): AppError =>
  new AppError('precondition-failed', 'The job has changed since. Read it again, and send its new ETag.', {
    extensions: { jobStatus: status },
  });

const hasStarted = ({ status }: Job): AppError =>
  new AppError('job-started', `Only jobs that no worker has begun can be changed; this one is ${status}.`, {
    extensions: { jobStatus: status },
  });
