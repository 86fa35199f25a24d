import { AppError, toError } from '../errors.ts';
import type { Ref } from '../redis/entry.ts';
import type { QueueKeys } from '../redis/keys.ts';
import {
  type NewEntry,
  type Once,
  type Remembered,
  type Submitted,
  submitTogether,
} from '../redis/scripts/submit.ts';
import { Appender } from './appender.ts';
import type { Core } from './core.ts';
import { expireAll } from './expire.ts';
import { mismatch } from './once.ts';
import type { Prepared } from './prepare.ts';

/** Known queues are noted again after this long, in case Redis was emptied. */
const NOTE_QUEUE_EVERY_MS = 60_000;

/** `refs` come in the order of the entries. */
export type Stored = { kind: 'stored'; refs: Ref[] } | ({ kind: 'replayed' } & Remembered);

/** Writes jobs that have passed every check. */
export class Store {
  readonly #core: Core;
  readonly #appender: Appender;
  readonly #noted = new Map<string, number>();

  constructor(core: Core) {
    this.#core = core;
    this.#appender = new Appender(core.redis);
  }

  /**
   * One command where nothing about the job or its queue asks for more; `view` makes the answer of it.
   *
   * @throws {AppError} queue-full.
   */
  one<T>(prepared: Prepared, view: (prepared: Prepared, ref: Ref) => T): Promise<T> {
    const { entry } = prepared;
    if (!isPlain(prepared) || !this.#isNoted(entry.keys.queue)) {
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
    const noted = this.#noteQueues(jobs.map(({ entry }) => entry.keys.queue)).catch(toError);
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
    const fault = await noted;
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
      this.#noteQueues([keys.queue]),
    ]);
    if (typeof entryId !== 'string') throw entryId ?? new Error('a submit stored nothing');
    return { place, entryId };
  }

  /** All or none, in one step; with `once` at most once. @throws {AppError} queue-full or idempotency-mismatch. */
  async together(entries: readonly NewEntry[], once?: Once): Promise<Stored> {
    const [first] = await Promise.all([
      submitTogether(this.#core.redis, entries, once),
      this.#noteQueues(entries.map(({ keys }) => keys.queue)),
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
    const { redis, resultTtlMs } = this.#core;
    const queues = new Set(entries.map(({ keys }) => keys));
    await Promise.all([...queues].map((keys) => expireAll(redis, keys, resultTtlMs)));
    return submitTogether(redis, entries, once);
  }

  #isNoted(queue: string, now = performance.now()): boolean {
    return now - (this.#noted.get(queue) ?? Number.NEGATIVE_INFINITY) <= NOTE_QUEUE_EVERY_MS;
  }

  /** Lists the queues among the known ones: once a minute each, so that a submit is one command. */
  async #noteQueues(queues: readonly string[]): Promise<void> {
    const now = performance.now();
    const unnoted = [...new Set(queues)].filter((queue) => !this.#isNoted(queue, now));
    if (unnoted.length === 0) return;
    if (this.#noted.size > 10_000) this.#noted.clear();
    for (const queue of unnoted) this.#noted.set(queue, now);
    try {
      await this.#core.redis.sadd(this.#core.keySpace.queues, unnoted);
    } catch (error) {
      for (const queue of unnoted) this.#noted.delete(queue);
      throw error;
    }
  }
}

/** Whether the job is an entry in a lane and nothing more. */
const isPlain = ({ entry, known }: Prepared): boolean =>
  entry.place !== 'parked' && entry.options.x === undefined && !known.limited;

const put =
  (outcomes: (Ref | Error)[], i: number) =>
  (outcome: Ref | Error): void => {
    outcomes[i] = outcome;
  };
