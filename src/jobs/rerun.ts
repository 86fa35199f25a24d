import type { Core } from '../core/core.ts';
import { AppError, invalidRequest } from '../errors.ts';
import { decodeEntry } from '../redis/entry.ts';
import { checkOptions, type EntryOptions, firstRef, traceOf } from '../redis/entry-options.ts';
import { entryTime, type Ref } from '../redis/job-id.ts';
import { decodeRecord } from '../redis/result-record.ts';
import type { Job, SubmitJob } from '../schemas/job.ts';
import type { RerunJob } from '../schemas/jobs/rerun.ts';
import { isFinal } from '../schemas/values/names.ts';
import type { Trace } from '../schemas/values/trace.ts';
import { findStored, type LocatedJob, locateJob, viewFound } from './find.ts';
import type { Found } from './scripts/lookup.ts';
import { compact } from './submit/admission.ts';
import type { RequestTrace, SubmitResult } from './submit/outcomes.ts';
import type { Submitter } from './submit/submitter.ts';

/** Submits new jobs that are like ended ones. */
export class Rerunner {
  readonly #core: Core;
  readonly #submitter: Submitter;

  constructor(core: Core, submitter: Submitter) {
    this.#core = core;
    this.#submitter = submitter;
  }

  /**
   * Submits a job like an ended one, with changes; with an Idempotency-Key at most once.
   *
   * @param submit the trace of the request. Without one the new job belongs to the trace of the ended job.
   * @throws {AppError} job-not-finished, payload-not-kept, job-not-found or job-gone, and the errors of a submit.
   */
  async rerun(
    id: string,
    changes: RerunJob,
    key?: string,
    isAwaited = false,
    submit?: RequestTrace,
  ): Promise<SubmitResult<Job>> {
    const located = locateJob(this.#core, id);
    const request = { rerunOf: id, changes };
    // A repeated request is answered even when the ended job is gone.
    const earlier =
      key === undefined
        ? undefined
        : await this.#submitter.findReplay(changes.queue ?? located.keys.queue, key, request);
    if (earlier !== undefined) return earlier;
    const { job, rerunOf, before } = await this.#jobLike(located, changes);
    submit?.linkTo(before);
    return this.#submitter.submit(job, key, { request, rerunOf, isAwaited, trace: submit?.trace ?? before });
  }

  /** `before`: the trace of the ended job. */
  async #jobLike(
    located: LocatedJob,
    changes: RerunJob,
  ): Promise<{ job: SubmitJob; rerunOf: string; before: Trace | undefined }> {
    const { present, found } = await findStored(this.#core, located);
    const ended = viewFound(this.#core, present, found);
    if (!isFinal(ended.status)) throw notEnded(ended);
    const { task = ended.task } = changes;
    if (task === undefined)
      throw invalidRequest([
        { pointer: '/task', detail: 'is required, since the entry of the ended job has none' },
      ]);
    if (!('payload' in ended) && changes.payload === undefined) throw notKept();
    const options = optionsOf(found);
    return {
      job: { ...submitOf(ended, present.ref, options), ...changes, task },
      rerunOf: ended.id,
      before: traceOf(options),
    };
  }
}

const optionsOf = (found: Found): EntryOptions => {
  if (found.place === 'result') return checkOptions(decodeRecord(found.record).o) ?? {};
  return ('fields' in found ? decodeEntry(found.fields)?.options : undefined) ?? {};
};

/** What the job was submitted with, but its start time. `ref`: of its present entry. */
const submitOf = (
  { queue, priority, payload }: Job,
  ref: Ref,
  options: EntryOptions,
): Omit<SubmitJob, 'task'> =>
  compact({
    queue,
    priority,
    payload,
    attempts: options.u ? ('unlimited' as const) : options.a,
    backoff: options.b,
    timeout: options.to,
    // Counted from the submit, also where a change has made another entry since.
    expiresIn: options.x && options.x + entryTime(ref.entryId) - entryTime(firstRef(ref, options).entryId),
    resultTtl: options.rt,
    metadata: options.m,
    tags: options.tg,
    key: options.y,
    keepPayload: options.k,
  });

const notEnded = ({ status }: Job): AppError =>
  new AppError('job-not-finished', `Only ended jobs can be run again; this one is ${status}.`, {
    extensions: { jobStatus: status },
  });

const notKept = (): AppError =>
  new AppError(
    'payload-not-kept',
    'The payload of the job is no longer there, since the job was submitted without `keepPayload`. Give a `payload` in the body.',
    {
      errors: [
        { pointer: '/payload', detail: 'is required, since the job was submitted without keepPayload' },
      ],
    },
  );
