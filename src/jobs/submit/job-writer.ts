import type { Core } from '../../core/core.ts';
import { AppError, toError } from '../../errors.ts';
import { expireAll } from '../../lifecycle/cancel-and-expire.ts';
import { formatJobId, type Ref } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { answerOf, notUnique, type UniqueAnswer } from '../unique/answers.ts';
import { withPlace } from '../unique/rule.ts';
import { submitUnique } from '../unique/scripts/submit-unique.ts';
import type { AdmittedJob } from './admission.ts';
import { findReplay, type KeyedSubmit } from './idempotency.ts';
import type { Remembered } from './scripts/once.ts';
import { type NewEntry, type Submitted, submitTogether } from './scripts/submit.ts';
import { WriteBatcher } from './write-batcher.ts';

/** The job that a submit returns. `answer` is absent for a new job. */
export interface AnsweredRef extends Ref {
  readonly answer?: UniqueAnswer | undefined;
}

/** `refs` are in the order of the entries. */
export type WriteResult = { kind: 'stored'; refs: Ref[] } | Replayed;
type Replayed = { kind: 'replayed' } & Remembered;
export type UniqueResult = { kind: 'stored'; ref: AnsweredRef } | Replayed;

/** Stores admitted jobs. */
export class JobWriter {
  readonly #core: Core;
  readonly #batcher: WriteBatcher;

  constructor(core: Core) {
    this.#core = core;
    this.#batcher = new WriteBatcher(core.redis);
  }

  /**
   * Stores a job: with one XADD, which many submits share, when a lane entry is all it needs.
   *
   * @param view makes the result from the stored job.
   * @throws {AppError} queue-full, key-full.
   */
  write<T>(job: AdmittedJob, view: (job: AdmittedJob, ref: Ref) => T): Promise<T> {
    const { entry } = job;
    if (!isAppendOnly(job) || !this.#core.queues.isRegistered(entry.keys.queue)) {
      return this.#writeOne(job).then((ref) => view(job, ref));
    }
    // Most submits take this path, so it makes a single promise.
    return new Promise((resolve, reject) => {
      const onStored = (entryId: string) => {
        try {
          resolve(view(job, { place: entry.place, entryId }));
        } catch (error) {
          reject(error);
        }
      };
      this.#batcher.append(entry, onStored, reject);
    });
  }

  /** Stores each job independently. Gives its ref, or why it may not be stored, in the order of the jobs. Never rejects. */
  async writeEach(jobs: readonly AdmittedJob[]): Promise<(AnsweredRef | Error)[]> {
    const outcomes: (AnsweredRef | Error)[] = [];
    const appended = new Map<QueueKeys, { entries: NewEntry[]; indexes: number[] }>();
    const registered = this.#core.queues
      .keepRegistered(jobs.map(({ entry }) => entry.keys.queue))
      .catch(toError);
    const writes: Promise<unknown>[] = [];
    jobs.forEach((job, i) => {
      if (!isAppendOnly(job)) {
        const write = job.entry.unique === undefined ? this.#writeOne(job) : this.#writeEachUnique(job);
        writes.push(write.catch(toError).then(setOutcome(outcomes, i)));
        return;
      }
      const group = appended.get(job.entry.keys) ?? { entries: [], indexes: [] };
      if (group.entries.length === 0) appended.set(job.entry.keys, group);
      group.entries.push(job.entry);
      group.indexes.push(i);
    });
    for (const [keys, { entries, indexes }] of appended) {
      const written = this.#batcher.appendAll(keys, entries).then((ids) => {
        ids.forEach((id, rank) => {
          const place = entries[rank]?.place ?? 'normal';
          outcomes[indexes[rank] ?? 0] = typeof id === 'string' ? { place, entryId: id } : id;
        });
      });
      writes.push(written);
    }
    await Promise.all(writes);
    const fault = await registered;
    return fault === undefined ? outcomes : jobs.map(() => fault);
  }

  /**
   * Stores a unique job, or finds the job that has its place; with `once` at most once.
   *
   * @throws {AppError} not-unique, queue-full or idempotency-mismatch: nothing was stored.
   */
  async writeUnique(job: AdmittedJob, once?: KeyedSubmit): Promise<UniqueResult> {
    const { entry, payload } = job;
    const { unique, keys } = entry;
    if (unique === undefined) throw new Error('the job has no place to share');
    const { resultTtlMs } = this.#core.settings;
    const options = await withPlace({ ...entry, unique }, payload, resultTtlMs);
    const submit = () => submitUnique(this.#core.redis, { ...entry, options }, once);
    const [first] = await Promise.all([submit(), this.#core.queues.keepRegistered([keys.queue])]);
    if (first.kind === 'full') await expireAll(this.#core, keys);
    const submitted = first.kind === 'full' ? await submit() : first;
    switch (submitted.kind) {
      case 'reject':
        throw notUnique(formatJobId(keys.queue, submitted.ref));
      case 'stored':
      case 'replaced':
      case 'existing':
      case 'cached':
        return { kind: 'stored', ref: { ...submitted.ref, answer: answerOf(submitted.kind) } };
      case 'replayed':
        return submitted;
      case 'mismatch':
        return this.#replayOf(once);
      case 'full':
        throw queueFull(keys.queue, submitted.maxJobs);
    }
  }

  async #writeEachUnique(job: AdmittedJob): Promise<AnsweredRef> {
    const written = await this.writeUnique(job);
    if (written.kind === 'replayed') throw new Error('a submit without a key was replayed');
    return written.ref;
  }

  /** Stores a job that needs more than one XADD, or whose queue must be registered with it. */
  async #writeOne(job: AdmittedJob): Promise<Ref> {
    const { entry } = job;
    const { place, keys } = entry;
    if (!isAppendOnly(job)) {
      const [ref] = (await this.writeTogether([entry])).refs;
      if (ref === undefined) throw new Error('the submit script stored no job');
      return ref;
    }
    const [[entryId]] = await Promise.all([
      this.#batcher.appendAll(keys, [entry]),
      this.#core.queues.keepRegistered([keys.queue]),
    ]);
    if (typeof entryId !== 'string') throw entryId ?? new Error('the append stored no job');
    return { place, entryId };
  }

  /** Stores all jobs or none, in one step; with `once` at most once. @throws {AppError} queue-full, key-full or idempotency-mismatch. */
  async writeTogether(entries: readonly NewEntry[], once?: KeyedSubmit): Promise<WriteResult> {
    const [first] = await Promise.all([
      submitTogether(this.#core.redis, entries, once),
      this.#core.queues.keepRegistered(entries.map(({ keys }) => keys.queue)),
    ]);
    const isFull = first.kind === 'full' || first.kind === 'key-full';
    const submitted = isFull ? await this.#writeAfterExpiry(entries, once) : first;
    switch (submitted.kind) {
      case 'stored':
        return {
          kind: 'stored',
          refs: entries.map(({ place }, i) => ({ place, entryId: submitted.entryIds[i] ?? '' })),
        };
      case 'replayed':
        return submitted;
      case 'mismatch':
        return this.#replayOf(once);
      case 'full':
        throw queueFull(submitted.queue, submitted.maxJobs);
      case 'key-full':
        throw keyFull(submitted.entry, submitted.maxJobs);
    }
  }

  /** The script knows one fingerprint only. @throws {AppError} idempotency-mismatch. */
  async #replayOf(once: KeyedSubmit | undefined): Promise<Replayed> {
    const earlier = once && (await findReplay(this.#core.redis, once));
    if (earlier === undefined) throw new Error('an Idempotency-Key expired while it was compared');
    return { kind: 'replayed', ...earlier };
  }

  /** Expires the jobs whose time is up, which count as unfinished until then, and tries again. */
  async #writeAfterExpiry(entries: readonly NewEntry[], once?: KeyedSubmit): Promise<Submitted> {
    const queues = new Set(entries.map(({ keys }) => keys));
    await Promise.all([...queues].map((keys) => expireAll(this.#core, keys)));
    return submitTogether(this.#core.redis, entries, once);
  }
}

const keyFull = ({ keys: { queue }, options }: NewEntry, maxJobs: number): AppError =>
  new AppError(
    'key-full',
    `The key ${JSON.stringify(options.y)} has as many unfinished jobs as it may have in the queue "${queue}": ${maxJobs}. Try again later, or raise perKey.maxJobs with PUT /queues/${queue}.`,
  );

/** Whether an entry in a lane is all that the job needs. */
const isAppendOnly = ({ entry, needsScript }: AdmittedJob): boolean =>
  entry.place !== 'parked' &&
  entry.options.x === undefined &&
  entry.options.tg === undefined &&
  entry.unique === undefined &&
  !needsScript;

const queueFull = (queue: string, maxJobs: number): AppError =>
  new AppError(
    'queue-full',
    `The queue "${queue}" is full: it may hold ${maxJobs} unfinished jobs. Try again later, or raise maxJobs with PUT /queues/${queue}.`,
  );

const setOutcome =
  (outcomes: (AnsweredRef | Error)[], i: number) =>
  (outcome: AnsweredRef | Error): void => {
    outcomes[i] = outcome;
  };
