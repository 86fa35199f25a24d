import type { Core } from '../../core/core.ts';
import { AppError, toError } from '../../errors.ts';
import { expireAll } from '../../lifecycle/expire.ts';
import type { Ref } from '../../redis/entry.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { Prepared } from './admission.ts';
import { mismatch } from './idempotency.ts';
import {
  type NewEntry,
  type Once,
  type Remembered,
  type Submitted,
  submitTogether,
} from './scripts/submit.ts';
import { WriteBatcher } from './write-batcher.ts';

/** `refs` come in the order of the entries. */
export type Stored = { kind: 'stored'; refs: Ref[] } | ({ kind: 'replayed' } & Remembered);

/** Writes jobs that have passed every check. */
export class JobWriter {
  readonly #core: Core;
  readonly #appender: WriteBatcher;

  constructor(core: Core) {
    this.#core = core;
    this.#appender = new WriteBatcher(core.redis);
  }

  /**
   * One command where nothing about the job or its queue asks for more; `view` makes the answer of it.
   *
   * @throws {AppError} queue-full.
   */
  one<T>(prepared: Prepared, view: (prepared: Prepared, ref: Ref) => T): Promise<T> {
    const { entry } = prepared;
    if (!isPlain(prepared) || !this.#core.queues.isRegistered(entry.keys.queue)) {
      return this.#oneWithCare(prepared).then((ref) => view(prepared, ref));
    }
    // One promise for all of it, since most submits go this way.
    return new Promise((resolve, reject) => {
      const stored = (entryId: string) => {
        try {
          resolve(view(prepared, { place: entry.place, entryId }));
        } catch (error) {
          reject(error);
        }
      };
      this.#appender.append(entry, stored, reject);
    });
  }

  /** Each for itself: its ref, or why it may not have been stored, in the order of the jobs. Never rejects. */
  async each(jobs: readonly Prepared[]): Promise<(Ref | Error)[]> {
    const outcomes: (Ref | Error)[] = [];
    const plain = new Map<QueueKeys, number[]>();
    const registered = this.#core.queues
      .keepRegistered(jobs.map(({ entry }) => entry.keys.queue))
      .catch(toError);
    const writes: Promise<unknown>[] = [];
    jobs.forEach((job, i) => {
      const group = plain.get(job.entry.keys);
      if (!isPlain(job)) writes.push(this.#oneWithCare(job).catch(toError).then(put(outcomes, i)));
      else if (group === undefined) plain.set(job.entry.keys, [i]);
      else group.push(i);
    });
    for (const [keys, group] of plain) {
      const entries = group.flatMap((i) => jobs[i]?.entry ?? []);
      const written = this.#appender.appendAll(keys, entries).then((ids) => {
        ids.forEach((id, rank) => {
          const place = entries[rank]?.place ?? 'normal';
          put(outcomes, group[rank] ?? 0)(typeof id === 'string' ? { place, entryId: id } : id);
        });
      });
      writes.push(written);
    }
    await Promise.all(writes);
    const fault = await registered;
    return fault === undefined ? outcomes : jobs.map(() => fault);
  }

  async #oneWithCare(prepared: Prepared): Promise<Ref> {
    const { entry } = prepared;
    const { place, keys } = entry;
    if (!isPlain(prepared)) {
      const [ref] = (await this.together([entry])).refs;
      if (ref === undefined) throw new Error('a submit stored nothing');
      return ref;
    }
    const [[entryId]] = await Promise.all([
      this.#appender.appendAll(keys, [entry]),
      this.#core.queues.keepRegistered([keys.queue]),
    ]);
    if (typeof entryId !== 'string') throw entryId ?? new Error('a submit stored nothing');
    return { place, entryId };
  }

  /** All or none, in one step; with `once` at most once. @throws {AppError} queue-full or idempotency-mismatch. */
  async together(entries: readonly NewEntry[], once?: Once): Promise<Stored> {
    const [first] = await Promise.all([
      submitTogether(this.#core.redis, entries, once),
      this.#core.queues.keepRegistered(entries.map(({ keys }) => keys.queue)),
    ]);
    const submitted = first.kind === 'full' ? await this.#makeRoom(entries, once) : first;
    switch (submitted.kind) {
      case 'stored':
        return {
          kind: 'stored',
          refs: entries.map(({ place }, i) => ({ place, entryId: submitted.entryIds[i] ?? '' })),
        };
      case 'replayed':
        return submitted;
      case 'mismatch':
        throw mismatch();
      case 'full':
        throw new AppError(
          'queue-full',
          `The queue "${submitted.queue}" may hold ${submitted.maxJobs} jobs that have not ended, and has no room for this. Try again later, or raise maxJobs with PUT /queues/${submitted.queue}.`,
        );
    }
  }

  /** Jobs that have lapsed take up room until somebody ends them. */
  async #makeRoom(entries: readonly NewEntry[], once?: Once): Promise<Submitted> {
    const queues = new Set(entries.map(({ keys }) => keys));
    await Promise.all([...queues].map((keys) => expireAll(this.#core, keys)));
    return submitTogether(this.#core.redis, entries, once);
  }
}

/** Whether the job is an entry in a lane and nothing more. */
const isPlain = ({ entry, isLimited }: Prepared): boolean =>
  entry.place !== 'parked' && entry.options.x === undefined && !isLimited;

const put =
  (outcomes: (Ref | Error)[], i: number) =>
  (outcome: Ref | Error): void => {
    outcomes[i] = outcome;
  };
