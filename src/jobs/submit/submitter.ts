import type { Core } from '../../core/core.ts';
import { AppError } from '../../errors.ts';
import { isUnavailable } from '../../redis/faults.ts';
import { formatJobId, type Ref } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { DEFAULT_QUEUE, type Job, type SubmitJob } from '../../schemas/job.ts';
import type { Trace } from '../../schemas/values/trace.ts';
import { findJob } from '../find.ts';
import { answerOf, notUnique } from '../unique/answers.ts';
import { type AdmittedJob, admitJob } from './admission.ts';
import { type Admission, admitAll } from './admit-all.ts';
import {
  describeError,
  findReplay,
  type KeyedSubmit,
  onceFor,
  onceForBulk,
  replayOutcomes,
} from './idempotency.ts';
import { JobWriter } from './job-writer.ts';
import type {
  AcceptedJob,
  BulkOptions,
  Candidate,
  SubmitOptions,
  SubmitOutcome,
  SubmitResult,
} from './outcomes.ts';
import type { Remembered } from './scripts/once.ts';
import { toAcceptedJob, toOutcome, viewStored } from './stored-job.ts';
import { observeBulkSubmit, observeRefusal, observeSubmit } from './submit-events.ts';

/** Jobs of a bulk submit that are written at a time. */
const CHUNK_JOBS = 500;

/** Stores jobs. Once a call resolves, Redis has the jobs; on disk when it runs with `appendfsync always`. */
export class Submitter {
  readonly #core: Core;
  readonly #writer: JobWriter;

  constructor(core: Core) {
    this.#core = core;
    this.#writer = new JobWriter(core);
  }

  /**
   * Stores one job; with an Idempotency-Key at most once, however often it is submitted.
   *
   * @throws {AppError} invalid-request, unknown-task, invalid-payload, queue-full or idempotency-mismatch: nothing
   *   was stored. job-gone: an earlier submit stored the job, which is no longer kept.
   */
  async submit(job: SubmitJob, key?: string, options: SubmitOptions = {}): Promise<SubmitResult<Job>> {
    try {
      if (key !== undefined) return await this.#submitOnce(job, key, options);
      const admitted = await this.#admit(job, options);
      if (admitted.entry.unique !== undefined) return await this.#submitUnique(admitted);
      return { value: await this.#writer.write(admitted, this.#view), replayed: false };
    } catch (error) {
      return this.#refuse(job, error);
    }
  }

  /**
   * As `submit` without a key, but gives the job as JSON text, with the trace that it belongs to. Most requests take this path: it
   * makes no promise and no object that it can do without. Throws or rejects with the errors of `submit`.
   */
  submitAsText(job: SubmitJob, trace?: Trace): Promise<AcceptedJob> {
    let admitted: AdmittedJob | Promise<AdmittedJob>;
    try {
      admitted = admitJob(this.#core, job, trace);
    } catch (error) {
      return this.#refuse(job, error);
    }
    // Only these two can still be refused: a handler for all would cost each submit a promise.
    if (admitted instanceof Promise) {
      return admitted
        .then((one) => this.#writer.write(one, this.#toAcceptedJob))
        .catch((error) => this.#refuse(job, error));
    }
    const written = this.#writer.write(admitted, this.#toAcceptedJob);
    return admitted.needsScript ? written.catch((error) => this.#refuse(job, error)) : written;
  }

  #refuse(job: SubmitJob, error: unknown): never {
    observeRefusal(this.#core.observe, job, error);
    throw error;
  }

  readonly #view = (admitted: AdmittedJob, ref: Ref): Job => {
    const job = viewStored(admitted, ref);
    this.#observeStored(admitted, job.id);
    return job;
  };

  readonly #toAcceptedJob = (admitted: AdmittedJob, ref: Ref): AcceptedJob => {
    const accepted = toAcceptedJob(admitted, ref);
    this.#observeStored(admitted, accepted.id);
    return accepted;
  };

  #observeStored({ entry }: AdmittedJob, id: string): void {
    observeSubmit(this.#core.observe, 'jobs-submitted', entry.keys.queue, entry.task, id);
  }

  async #admit(job: SubmitJob, { isAwaited = false, rerunOf, trace }: SubmitOptions): Promise<AdmittedJob> {
    const admitted = await admitJob(this.#core, job, trace);
    const { options } = admitted.entry;
    if (isAwaited) options.w = true;
    if (rerunOf !== undefined) options.ro = rerunOf;
    return admitted;
  }

  async #submitOnce(job: SubmitJob, key: string, options: SubmitOptions): Promise<SubmitResult<Job>> {
    const keys = this.#core.keySpace.queue(job.queue ?? DEFAULT_QUEUE);
    const once = await this.#once(keys, key, options.request ?? job);
    const earlier = await findReplay(this.#core, once);
    if (earlier !== undefined) return this.#replay(keys, earlier);
    const admitted = await this.#admit(job, options);
    if (admitted.entry.unique !== undefined) return this.#submitUnique(admitted, once);
    const written = await this.#writer.writeTogether([admitted.entry], once);
    const [ref] = written.refs;
    if (written.kind === 'replayed') return this.#replay(keys, written);
    if (ref === undefined) throw new Error('the submit script stored no job');
    return { value: this.#view(admitted, ref), replayed: false };
  }

  /**
   * The job of an earlier submit of the same request with this Idempotency-Key, if there is one.
   *
   * @throws {AppError} idempotency-mismatch or job-gone.
   */
  async findReplay(queue: string, key: string, request: unknown): Promise<SubmitResult<Job> | undefined> {
    const keys = this.#core.keySpace.queue(queue);
    const earlier = await findReplay(this.#core, await this.#once(keys, key, request));
    return earlier && this.#replay(keys, earlier);
  }

  #once(keys: QueueKeys, key: string, request: unknown): Promise<KeyedSubmit> {
    return onceFor(keys, key, request, this.#core.settings.idempotencyTtlMs);
  }

  async #submitUnique(admitted: AdmittedJob, once?: KeyedSubmit): Promise<SubmitResult<Job>> {
    const { keys } = admitted.entry;
    const written = await this.#writer.writeAll([admitted], { once, isAtomic: true });
    if (written.kind === 'replayed') return this.#replay(keys, written);
    const [ref] = written.refs;
    if (ref === undefined) throw new Error('the submit script took in no job');
    const answer = answerOf(written.kinds?.[0]);
    const id = formatJobId(keys.queue, ref);
    if (answer === undefined) this.#observeStored(admitted, id);
    try {
      return { value: await findJob(this.#core, { id, keys, ref }), replayed: false, answer };
    } catch (error) {
      // The job was removed, but it keeps its place until a set time.
      if (error instanceof AppError && answer !== undefined) throw notUnique(id);
      throw error;
    }
  }

  async #replay(keys: QueueKeys, { refs: [ref], kinds }: Remembered): Promise<SubmitResult<Job>> {
    if (ref === undefined) throw new Error('the record of an Idempotency-Key has no job');
    const { queue } = keys;
    const job = await findJob(this.#core, { id: formatJobId(queue, ref), keys, ref });
    observeSubmit(this.#core.observe, 'submit-replayed', queue, job.task ?? '', job.id);
    return { value: job, replayed: true, answer: answerOf(kinds?.[0]) };
  }

  /** Stores each job that it can. Outcomes are in the order of the candidates. @param trace that the jobs belong to. */
  async submitEach(candidates: readonly Candidate[], trace?: Trace): Promise<SubmitOutcome[]> {
    // Redis stores a chunk while the next one is checked.
    const stored: Promise<SubmitOutcome[]>[] = [];
    for (let start = 0; start < candidates.length; start += CHUNK_JOBS) {
      const admissions = await admitAll(this.#core, candidates.slice(start, start + CHUNK_JOBS), trace);
      const storing = this.#storeEach(admissions);
      // The last line of this function rejects with the error.
      storing.catch(() => undefined);
      stored.push(storing);
    }
    const outcomes = (await Promise.all(stored)).flat();
    observeBulkSubmit(this.#core.observe, 'jobs-submitted', candidates, outcomes);
    return outcomes;
  }

  async #storeEach(admissions: readonly Admission[]): Promise<SubmitOutcome[]> {
    const admitted: AdmittedJob[] = [];
    for (const one of admissions) if (one.ok) admitted.push(one.admitted);
    const refs = await this.#writer.writeEach(admitted);
    let next = 0;
    return admissions.map((one): SubmitOutcome => {
      if (!one.ok) return one;
      const ref = refs[next];
      next += 1;
      if (ref !== undefined && !(ref instanceof Error)) return toOutcome(one.admitted, ref);
      if (ref instanceof AppError) return { ok: false, error: ref };
      if (!isUnavailable(ref)) throw ref;
      // Other jobs of the request may be stored, so each job has its own outcome.
      const cause = { cause: ref };
      return { ok: false, error: new AppError('redis-unavailable', 'Redis did not store this job.', cause) };
    });
  }

  /**
   * Stores jobs in one step: with `atomic` all or none, else those that pass every check; with an Idempotency-Key at
   * most once. Outcomes are in the order of the items. When an atomic submit has a refused item, no job is stored.
   *
   * @throws {AppError} queue-full, key-full, not-unique, payload-too-large or idempotency-mismatch: nothing was stored.
   */
  async submitTogether(
    items: readonly Candidate[],
    options: BulkOptions,
  ): Promise<SubmitResult<SubmitOutcome[]>> {
    const { observe } = this.#core;
    try {
      const result = await this.#submitTogether(items, options);
      observeBulkSubmit(observe, result.replayed ? 'submit-replayed' : 'jobs-submitted', items, result.value);
      return result;
    } catch (error) {
      if (error instanceof AppError) {
        const refused = items.map(() => ({ ok: false as const, error }));
        observeBulkSubmit(observe, 'jobs-submitted', items, refused);
      }
      throw error;
    }
  }

  async #submitTogether(
    candidates: readonly Candidate[],
    { atomic, key, part, trace }: BulkOptions,
  ): Promise<SubmitResult<SubmitOutcome[]>> {
    const once =
      key === undefined ? undefined : await onceForBulk(this.#core, candidates, { atomic, key, part });
    const earlier = once && (await findReplay(this.#core, once));
    if (earlier !== undefined) return { value: replayOutcomes(candidates, earlier), replayed: true };
    const admissions = await admitAll(this.#core, candidates, trace);
    const admitted = admissions.flatMap((one) => (one.ok ? [one.admitted] : []));
    if (admitted.length === 0 || (atomic && admitted.length < candidates.length)) {
      return { value: admissions.map((one) => (one.ok ? { ok: true, id: '' } : one)), replayed: false };
    }
    const note = JSON.stringify(admissions.map((one) => (one.ok ? null : describeError(one.error))));
    const written = await this.#writer.writeAll(admitted, {
      isAtomic: atomic,
      once: once && { ...once, note },
    });
    if (written.kind === 'replayed') return { value: replayOutcomes(candidates, written), replayed: true };
    return { value: replayOutcomes(candidates, { ...written, note }), replayed: false };
  }
}
