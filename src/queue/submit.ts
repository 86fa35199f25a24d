import { AppError } from '../errors.ts';
import { isUnavailable } from '../redis/connect.ts';
import { formatJobId, type Ref } from '../redis/entry.ts';
import { submitPlain, submitTogether } from '../redis/scripts/submit.ts';
import type { Job, SubmitJob } from '../schemas/job.ts';
import type { Core } from './core.ts';
import { type Prepared, prepare } from './prepare.ts';
import { viewNew } from './view.ts';

/** One job of a batch: taken in, or refused with the reason. */
export type BatchOutcome = { ok: true; id: string } | { ok: false; error: AppError };

/** Known queues are noted again after this long, in case Redis was emptied. */
const NOTE_QUEUE_EVERY_MS = 60_000;
/** Jobs of a batch that are on their way to Redis at a time. */
const WINDOW = 500;

/** Takes jobs in. */
export class Submitter {
  readonly #core: Core;
  readonly #noted = new Map<string, number>();

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Takes one job in; once this resolves, Redis has it (on disk, where Redis syncs always).
   *
   * @throws {AppError} invalid-request, unknown-task or invalid-payload; nothing is stored then.
   */
  async submit(job: SubmitJob): Promise<Job> {
    const prepared = await prepare(this.#core, job);
    const ref = await this.#store(prepared);
    const { entry, payload, known } = prepared;
    return viewNew(entry.keys.queue, ref, { ...entry, payload }, known.defaults(entry.task));
  }

  /** Takes in what it can; outcomes come in the order of the jobs. */
  async submitEach(jobs: readonly SubmitJob[]): Promise<BatchOutcome[]> {
    const outcomes: BatchOutcome[] = [];
    for (let start = 0; start < jobs.length; start += WINDOW) {
      const window = jobs.slice(start, start + WINDOW);
      outcomes.push(...(await Promise.all(window.map((job) => this.#submitOne(job)))));
    }
    return outcomes;
  }

  /** Checks all jobs; stores none unless all are right, and all of them in one step. */
  async submitAll(jobs: readonly SubmitJob[]): Promise<BatchOutcome[]> {
    const checked = await Promise.all(jobs.map((job) => this.#check(job)));
    const faulty = checked.some((one) => !one.ok);
    if (faulty) {
      return checked.map((one) => (one.ok ? { ok: true, id: '' } : one));
    }
    const entries = checked.flatMap((one) => (one.ok ? [one.prepared.entry] : []));
    await this.#noteQueues(entries.map((entry) => entry.keys.queue));
    const ids = await submitTogether(this.#core.redis, entries);
    return entries.map((entry, i) => ({
      ok: true,
      id: formatJobId(entry.keys.queue, { place: entry.place, entryId: ids[i] ?? '' }),
    }));
  }

  async #submitOne(job: SubmitJob): Promise<BatchOutcome> {
    try {
      const checked = await this.#check(job);
      if (!checked.ok) return checked;
      const ref = await this.#store(checked.prepared);
      return { ok: true, id: formatJobId(checked.prepared.entry.keys.queue, ref) };
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      // The other jobs of the batch may be stored: each gets an answer of its own.
      return {
        ok: false,
        error: new AppError('redis-unavailable', 'Redis did not take this job.', { cause: error }),
      };
    }
  }

  async #check(job: SubmitJob): Promise<{ ok: true; prepared: Prepared } | { ok: false; error: AppError }> {
    try {
      return { ok: true, prepared: await prepare(this.#core, job) };
    } catch (error) {
      if (error instanceof AppError) return { ok: false, error };
      throw error;
    }
  }

  async #store({ entry }: Prepared): Promise<Ref> {
    const noted = this.#noteQueues([entry.keys.queue]);
    const stored =
      entry.place === 'parked'
        ? submitTogether(this.#core.redis, [entry]).then(([id]) => id ?? '')
        : submitPlain(this.#core.redis, entry);
    const [entryId] = await Promise.all([stored, noted]);
    return { place: entry.place, entryId };
  }

  /** Lists the queues among the known ones: once a minute each, so that a submit is one command. */
  async #noteQueues(queues: readonly string[]): Promise<void> {
    const now = performance.now();
    const unnoted = [...new Set(queues)].filter(
      (queue) => now - (this.#noted.get(queue) ?? Number.NEGATIVE_INFINITY) > NOTE_QUEUE_EVERY_MS,
    );
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
