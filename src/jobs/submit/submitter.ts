import type { Core } from '../../core/core.ts';
import { encodePayload } from '../../core/encode-json.ts';
import { AppError } from '../../errors.ts';
import { isUnavailable } from '../../redis/connect.ts';
import { formatJobId, maxAttempts, type Ref } from '../../redis/entry.ts';
import { DEFAULT_QUEUE, type Job, type SubmitJob } from '../../schemas/job.ts';
import { findJob } from '../find.ts';
import { revisionOf, revisionOfNew } from '../revision.ts';
import { textNew, viewNew } from '../view.ts';

import { admitJob, type Prepared } from './admission.ts';
import { describe, onceFor, queueOf, readable, recall, recalled } from './idempotency.ts';
import { JobWriter } from './job-writer.ts';
import type { Accepted, Candidate, SubmitOptions, SubmitOutcome, Submitted } from './outcomes.ts';
import type { Once } from './scripts/submit.ts';
import { observeBulkSubmit, observeRefusal, observeSubmit } from './submit-events.ts';

/** Jobs of a batch that are on their way to Redis at a time. */
const WINDOW = 500;

type Checked = { ok: true; prepared: Prepared } | { ok: false; error: AppError };

/** Takes jobs in. Once a call resolves, Redis has them (on disk, where Redis syncs always). */
export class Submitter {
  readonly #core: Core;
  readonly #store: JobWriter;

  constructor(core: Core) {
    this.#core = core;
    this.#store = new JobWriter(core);
  }

  /**
   * Takes one job in; with a key at most once, however often it is sent.
   *
   * @throws {AppError} invalid-request, unknown-task, invalid-payload, queue-full or idempotency-mismatch; nothing
   *   is stored then. job-gone when the job that the key has stored is not kept any more.
   */
  async submit(job: SubmitJob, key?: string, options: SubmitOptions = {}): Promise<Submitted<Job>> {
    const { isAwaited = false, request = job } = options;
    try {
      if (key !== undefined) return await this.#submitOnce(job, { key, request, isAwaited });
      const prepared = await admitJob(this.#core, job);
      if (isAwaited) prepared.entry.options.w = true;
      return { value: await this.#store.one(prepared, this.#show), replayed: false };
    } catch (error) {
      return this.#refuse(job, error);
    }
  }

  /** As `submit` without a key, for those who want the job as text. Throws, or rejects, as that does. */
  accept(job: SubmitJob): Promise<Accepted> {
    let prepared: Prepared | Promise<Prepared>;
    try {
      prepared = admitJob(this.#core, job);
    } catch (error) {
      return this.#refuse(job, error);
    }
    // Only these two can still be refused: a handler for all would cost each submit a promise.
    if (prepared instanceof Promise) {
      return prepared
        .then((one) => this.#store.one(one, this.#accepted))
        .catch((error) => this.#refuse(job, error));
    }
    const accepted = this.#store.one(prepared, this.#accepted);
    return prepared.isLimited ? accepted.catch((error) => this.#refuse(job, error)) : accepted;
  }

  #refuse(job: SubmitJob, error: unknown): never {
    observeRefusal(this.#core.observe, job, error);
    throw error;
  }

  readonly #show = (prepared: Prepared, ref: Ref): Job => {
    this.#observeStored(prepared, ref);
    return show(prepared, ref);
  };

  readonly #accepted = (prepared: Prepared, ref: Ref): Accepted => {
    this.#observeStored(prepared, ref);
    return accepted(prepared, ref);
  };

  #observeStored({ entry }: Prepared, ref: Ref): void {
    observeSubmit(this.#core.observe, 'jobs-submitted', entry.keys.queue, entry.task, ref);
  }

  async #submitOnce(
    job: SubmitJob,
    { key, request, isAwaited }: { key: string; request: unknown; isAwaited: boolean },
  ): Promise<Submitted<Job>> {
    // What is nested too deeply is refused before it is compared.
    encodePayload(job.payload ?? null);
    const queue = job.queue ?? DEFAULT_QUEUE;
    const once = onceFor(
      this.#core.keySpace.queue(queue),
      key,
      request,
      this.#core.settings.idempotencyTtlMs,
    );
    const replay = async ([ref]: readonly Ref[]) => {
      if (ref === undefined) throw new Error('an Idempotency-Key remembers no job');
      observeSubmit(this.#core.observe, 'submit-replayed', queue, job.task, ref);
      return { value: await findJob(this.#core, formatJobId(queue, ref)), replayed: true };
    };
    const known = await recall(this.#core.redis, once);
    if (known !== undefined) return replay(known.refs);
    const prepared = await admitJob(this.#core, job);
    if (isAwaited) prepared.entry.options.w = true;
    const stored = await this.#store.together([prepared.entry], once);
    const [ref] = stored.refs;
    if (stored.kind === 'replayed' || ref === undefined) return replay(stored.refs);
    return { value: this.#show(prepared, ref), replayed: false };
  }

  /** Takes in what it can; outcomes come in the order of the jobs. */
  async submitEach(candidates: readonly Candidate[]): Promise<SubmitOutcome[]> {
    const outcomes: SubmitOutcome[] = [];
    for (let start = 0; start < candidates.length; start += WINDOW) {
      const window = candidates.slice(start, start + WINDOW).map((one) => this.#check(one));
      outcomes.push(
        ...(await this.#storeEach(
          window.some(isPromise) ? await Promise.all(window) : (window as Checked[]),
        )),
      );
    }
    observeBulkSubmit(this.#core.observe, 'jobs-submitted', candidates, outcomes);
    return outcomes;
  }

  async #storeEach(checked: readonly Checked[]): Promise<SubmitOutcome[]> {
    const refs = await this.#store.each(checked.flatMap((one) => (one.ok ? [one.prepared] : [])));
    const next = refs.values();
    return checked.map((one): SubmitOutcome => {
      if (!one.ok) return one;
      const ref = next.next().value;
      if (ref !== undefined && !(ref instanceof Error)) return stored(one.prepared, ref);
      if (ref instanceof AppError) return { ok: false, error: ref };
      if (!isUnavailable(ref)) throw ref;
      // The other jobs of the batch may be stored: each gets an answer of its own.
      const cause = { cause: ref };
      return { ok: false, error: new AppError('redis-unavailable', 'Redis did not take this job.', cause) };
    });
  }

  /**
   * Takes jobs in together, in one step: with `atomic` all or none, else those that are right; with a key at most
   * once. Outcomes come in the order of the jobs; where an atomic batch has one that is refused, none is stored.
   *
   * @throws {AppError} queue-full or idempotency-mismatch; nothing is stored then.
   */
  async submitTogether(
    items: readonly Candidate[],
    { atomic, key }: { atomic: boolean; key: string | undefined },
  ): Promise<Submitted<SubmitOutcome[]>> {
    const { observe } = this.#core;
    try {
      const submitted = await this.#submitTogether(items, { atomic, key });
      const kind = submitted.replayed ? 'submit-replayed' : 'jobs-submitted';
      observeBulkSubmit(observe, kind, items, submitted.value);
      return submitted;
    } catch (error) {
      if (error instanceof AppError) {
        observeBulkSubmit(
          observe,
          'jobs-submitted',
          items,
          items.map(() => ({ ok: false, error })),
        );
      }
      throw error;
    }
  }

  async #submitTogether(
    items: readonly Candidate[],
    { atomic, key }: { atomic: boolean; key: string | undefined },
  ): Promise<Submitted<SubmitOutcome[]>> {
    const candidates = key === undefined ? items : items.map(readable);
    const once = key === undefined ? undefined : this.#onceForBatch(candidates, atomic, key);
    const known = once && (await recall(this.#core.redis, once));
    if (known !== undefined) return { value: recalled(candidates, known), replayed: true };
    const checked = await Promise.all(candidates.map((one) => this.#check(one)));
    const prepared = checked.flatMap((one) => (one.ok ? [one.prepared] : []));
    const note = JSON.stringify(checked.map((one) => (one.ok ? null : describe(one.error))));
    if (prepared.length === 0 || (atomic && prepared.length < candidates.length)) {
      return { value: checked.map((one) => (one.ok ? { ok: true, id: '' } : one)), replayed: false };
    }
    const stored = await this.#store.together(
      prepared.map(({ entry }) => entry),
      once && { ...once, note },
    );
    if (stored.kind === 'replayed') return { value: recalled(candidates, stored), replayed: true };
    return { value: recalled(candidates, { refs: stored.refs, note }), replayed: false };
  }

  /** The queue of the first job that is in form keeps the key of a batch. */
  #onceForBatch(candidates: readonly Candidate[], atomic: boolean, key: string): Once {
    const queue = candidates.map(queueOf).find((name) => name !== undefined) ?? DEFAULT_QUEUE;
    const items = candidates.map((one) => (one.ok ? one.job : describe(one.error)));
    return onceFor(
      this.#core.keySpace.queue(queue),
      key,
      { atomic, items },
      this.#core.settings.idempotencyTtlMs,
    );
  }

  #check(candidate: Candidate): Checked | Promise<Checked> {
    if (!candidate.ok) return candidate;
    const refuse = (error: unknown): Checked => {
      if (error instanceof AppError) return { ok: false, error };
      throw error;
    };
    try {
      const prepared = admitJob(this.#core, candidate.job);
      if (!(prepared instanceof Promise)) return { ok: true, prepared };
      return prepared.then((one): Checked => ({ ok: true, prepared: one })).catch(refuse);
    } catch (error) {
      return refuse(error);
    }
  }
}

const isPromise = (value: unknown): boolean => value instanceof Promise;

const show = ({ entry, payload, tasks }: Prepared, ref: Ref): Job =>
  viewNew(entry.keys.queue, ref, { ...entry, payload }, tasks.defaults(entry.task));

function accepted(prepared: Prepared, ref: Ref): Accepted {
  const { entry, tasks } = prepared;
  const defaults = tasks.defaults(entry.task);
  return {
    id: formatJobId(entry.keys.queue, ref),
    text: textNew(entry.keys.queue, ref, entry, defaults),
    revision:
      ref.place === 'parked'
        ? revisionOf(show(prepared, ref))
        : revisionOfNew(maxAttempts(entry.options, defaults)),
  };
}

const stored = ({ entry }: Prepared, ref: Ref): SubmitOutcome => ({
  ok: true,
  id: formatJobId(entry.keys.queue, ref),
});
