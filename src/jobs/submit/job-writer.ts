import { type Core, isAcked } from '../../core/core.ts';
import { AppError, toError } from '../../errors.ts';
import { expireAll } from '../../lifecycle/cancel-and-expire.ts';
import { bySlot } from '../../redis/cluster/slots.ts';
import { formatJobId, type Ref } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { Slices } from '../../slices.ts';
import { answerOf, notUnique, notUniqueInBatch, type UniqueAnswer } from '../unique/answers.ts';
import { withPlace } from '../unique/rule.ts';
import { type Kind, submitUnique } from '../unique/scripts/submit-unique.ts';
import type { AdmittedJob } from './admission.ts';
import { findReplay, type KeyedSubmit } from './idempotency.ts';
import { batchNotAtomic, noRoom, TOO_LARGE } from './refusals.ts';
import type { Remembered } from './scripts/once.ts';
import { type NewEntry, submitTogether } from './scripts/submit.ts';
import { uniquePieces } from './unique-pieces.ts';
import { WriteBatcher } from './write-batcher.ts';

/** The job that a submit returns. `answer` is absent for a new job. */
export interface AnsweredRef extends Ref {
  readonly answer?: UniqueAnswer | undefined;
}

/** `refs` and `kinds` are in the order of the entries; `kinds`: undefined where all were stored. */
export type WriteResult = { kind: 'stored'; refs: Ref[]; kinds: Kind[] | undefined } | Replayed;
type Replayed = { kind: 'replayed' } & Remembered;

/** Stores admitted jobs. */
export class JobWriter {
  readonly #core: Core;
  readonly #batcher: WriteBatcher;

  constructor(core: Core) {
    this.#core = core;
    this.#batcher = new WriteBatcher(core.acked);
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
    const names = jobs.map(({ entry }) => entry.keys.queue);
    try {
      return await this.#core.queues.whileListed(names, () => this.#writeListed(jobs));
    } catch (error) {
      const fault = toError(error);
      return jobs.map(() => fault);
    }
  }

  async #writeListed(jobs: readonly AdmittedJob[]): Promise<(AnsweredRef | Error)[]> {
    const outcomes: (AnsweredRef | Error)[] = [];
    const appended = new Map<QueueKeys, { entries: NewEntry[]; indexes: number[] }>();
    const writes: Promise<unknown>[] = uniquePieces(jobs).map((piece) =>
      this.#writeUnique(jobs, piece, outcomes),
    );
    jobs.forEach((job, i) => {
      if (job.entry.unique !== undefined) return;
      if (!isAppendOnly(job)) {
        writes.push(this.#writeOne(job).catch(toError).then(setOutcome(outcomes, i)));
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
    return outcomes;
  }

  /**
   * Stores jobs in one step, or finds the jobs that have their places; with `once` at most once. With `isAtomic` one unique job that
   * says `reject` and finds its place taken refuses them all.
   *
   * @throws {AppError} not-unique, queue-full, key-full, payload-too-large or idempotency-mismatch: nothing was stored.
   */
  async writeAll(
    jobs: readonly AdmittedJob[],
    { once, isAtomic }: { once?: KeyedSubmit | undefined; isAtomic: boolean },
  ): Promise<WriteResult> {
    if (jobs.every(({ entry }) => entry.unique === undefined)) {
      return this.writeTogether(
        jobs.map(({ entry }) => entry),
        once,
      );
    }
    const entries = await this.#withPlaces(jobs);
    const submitted = await this.#submit(entries, () =>
      submitUnique(this.#core.acked, entries, { once, isAtomic, isAcked: isAcked(this.#core) }),
    );
    switch (submitted.kind) {
      case 'taken':
        return { kind: 'stored', refs: submitted.refs, kinds: submitted.kinds };
      case 'replayed':
        return submitted;
      case 'mismatch':
        return this.#replayOf(once);
      case 'reject': {
        const { index, ref } = submitted;
        const queue = entries[index]?.keys.queue ?? '';
        const jobId = ref && formatJobId(queue, ref);
        throw jobs.length === 1 && jobId !== undefined ? notUnique(jobId) : notUniqueInBatch(index, jobId);
      }
      case 'too-large':
        throw new AppError('payload-too-large', TOO_LARGE);
      default:
        throw noRoom(submitted);
    }
  }

  /** The entries of the jobs, with their places in their options. */
  async #withPlaces(jobs: readonly AdmittedJob[]): Promise<NewEntry[]> {
    const { resultTtlMs } = this.#core.settings;
    const slices = new Slices();
    const entries: NewEntry[] = [];
    for (const { entry, payload } of jobs) {
      const { unique } = entry;
      if (unique === undefined) {
        entries.push(entry);
        continue;
      }
      const options = await withPlace({ ...entry, unique }, payload, resultTtlMs, slices);
      entries.push({ ...entry, options });
      if (slices.isOver) await slices.next();
    }
    return entries;
  }

  /** Stores unique jobs of one queue in one step. If one of them is refused, each goes alone. Never rejects. */
  async #writeUnique(
    jobs: readonly AdmittedJob[],
    piece: readonly number[],
    outcomes: (AnsweredRef | Error)[],
  ): Promise<void> {
    try {
      const some = piece.map((i) => jobs[i] as AdmittedJob);
      const { refs, kinds } = await this.writeAll(some, { isAtomic: true });
      piece.forEach((i, rank) => {
        outcomes[i] = { ...(refs[rank] as Ref), answer: answerOf(kinds?.[rank]) };
      });
    } catch (error) {
      if (piece.length > 1 && error instanceof AppError) {
        await Promise.all(piece.map((i) => this.#writeUnique(jobs, [i], outcomes)));
      } else for (const i of piece) outcomes[i] = toError(error);
    }
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
    const [entryId] = await this.#core.queues.whileListed([keys.queue], () =>
      this.#batcher.appendAll(keys, [entry]),
    );
    if (typeof entryId !== 'string') throw entryId ?? new Error('the append stored no job');
    return { place, entryId };
  }

  /** Stores all jobs or none, in one step; with `once` at most once. @throws {AppError} queue-full, key-full or idempotency-mismatch. */
  async writeTogether(entries: readonly NewEntry[], once?: KeyedSubmit): Promise<WriteResult> {
    const submitted = await this.#submit(entries, () => submitTogether(this.#core.acked, entries, once));
    switch (submitted.kind) {
      case 'stored': {
        const refs = entries.map(({ place }, i) => ({ place, entryId: submitted.entryIds[i] ?? '' }));
        return { kind: 'stored', refs, kinds: undefined };
      }
      case 'replayed':
        return submitted;
      case 'mismatch':
        return this.#replayOf(once);
      default:
        throw noRoom(submitted);
    }
  }

  /** The script knows one fingerprint only. @throws {AppError} idempotency-mismatch. */
  async #replayOf(once: KeyedSubmit | undefined): Promise<Replayed> {
    const earlier = once && (await findReplay(this.#core, once));
    if (earlier === undefined) throw new Error('an Idempotency-Key expired while it was compared');
    return { kind: 'replayed', ...earlier };
  }

  /** Where there is no room, expires the jobs whose time is up, which count as unfinished until then, and tries again. */
  async #submit<T extends { kind: string }>(
    entries: readonly NewEntry[],
    submit: () => Promise<T>,
  ): Promise<T> {
    if (bySlot(this.#core.redis, entries, ({ keys }) => keys.settings).length > 1) throw batchNotAtomic();
    const names = entries.map(({ keys }) => keys.queue);
    const first = await this.#core.queues.whileListed(names, submit);
    if (first.kind !== 'full' && first.kind !== 'key-full') return first;
    const queues = new Set(entries.map(({ keys }) => keys));
    await Promise.all([...queues].map((keys) => expireAll(this.#core, keys)));
    return submit();
  }
}

/** Whether an entry in a lane is all that the job needs. */
const isAppendOnly = ({ entry, needsScript }: AdmittedJob): boolean =>
  entry.place !== 'parked' &&
  entry.options.x === undefined &&
  entry.options.tg === undefined &&
  entry.unique === undefined &&
  !needsScript;

const setOutcome =
  (outcomes: (AnsweredRef | Error)[], i: number) =>
  (outcome: AnsweredRef | Error): void => {
    outcomes[i] = outcome;
  };
