import { AppError } from '../errors.ts';
import { isUnavailable } from '../redis/connect.ts';
import { formatJobId, maxAttempts, type Ref } from '../redis/entry.ts';
import type { Once } from '../redis/scripts/submit.ts';
import { DEFAULT_QUEUE, type Job, type SubmitJob } from '../schemas/job.ts';
import type { Core } from './core.ts';
import { findJob } from './find.ts';
import { onceFor, recall } from './once.ts';
import { encodePayload } from './payload.ts';
import { type Prepared, prepare } from './prepare.ts';
import { Store } from './store.ts';
import { textNew, viewNew } from './view.ts';
import { revisionOf, revisionOfNew } from './wait.ts';

/** One job of a batch as it came: in form, or refused for its form. */
export type Candidate = { ok: true; job: SubmitJob } | { ok: false; error: AppError };

/** One job of a batch: taken in, or refused with the reason. */
export type BatchOutcome = { ok: true; id: string } | { ok: false; error: AppError };

/** What came of a submit; `replayed`: its key had stored this before, and nothing was stored now. */
export interface Submitted<T> {
  value: T;
  replayed: boolean;
}

/** A job that was taken in: its id, itself as JSON text, and its revision. */
export interface Accepted {
  id: string;
  text: string;
  revision: string;
}

/** Jobs of a batch that are on their way to Redis at a time. */
const WINDOW = 500;

type Checked = { ok: true; prepared: Prepared } | { ok: false; error: AppError };

/** Takes jobs in. Once a call resolves, Redis has them (on disk, where Redis syncs always). */
export class Submitter {
  readonly #core: Core;
  readonly #store: Store;

  constructor(core: Core) {
    this.#core = core;
    this.#store = new Store(core);
  }

  /**
   * Takes one job in; with a key at most once, however often it is sent.
   *
   * @throws {AppError} invalid-request, unknown-task, invalid-payload, queue-full or idempotency-mismatch; nothing
   *   is stored then. job-gone when the job that the key has stored is not kept any more.
   */
  async submit(job: SubmitJob, key?: string): Promise<Submitted<Job>> {
    if (key !== undefined) return this.#submitOnce(job, key);
    const prepared = await prepare(this.#core, job);
    return { value: show(prepared, await this.#store.one(prepared)), replayed: false };
  }

  /** As `submit` without a key, for those who want the job as text. Throws, or rejects, as that does. */
  accept(job: SubmitJob): Promise<Accepted> {
    const prepared = prepare(this.#core, job);
    return prepared instanceof Promise ? prepared.then((one) => this.#accept(one)) : this.#accept(prepared);
  }

  async #accept(prepared: Prepared): Promise<Accepted> {
    const ref = await this.#store.one(prepared);
    const { entry, known } = prepared;
    const defaults = known.defaults(entry.task);
    return {
      id: formatJobId(entry.keys.queue, ref),
      text: textNew(entry.keys.queue, ref, entry, defaults),
      revision:
        ref.place === 'parked'
          ? revisionOf(show(prepared, ref))
          : revisionOfNew(maxAttempts(entry.options, defaults)),
    };
  }

  async #submitOnce(job: SubmitJob, key: string): Promise<Submitted<Job>> {
    // What is nested too deeply is refused before it is compared.
    encodePayload(job.payload ?? null);
    const queue = job.queue ?? DEFAULT_QUEUE;
    const once = onceFor(this.#core.keySpace.queue(queue), key, job, this.#core.idempotencyTtlMs);
    const replay = async ([ref]: readonly Ref[]) => {
      if (ref === undefined) throw new Error('an Idempotency-Key remembers no job');
      return { value: await findJob(this.#core, formatJobId(queue, ref)), replayed: true };
    };
    const known = await recall(this.#core.redis, once);
    if (known !== undefined) return replay(known.refs);
    const prepared = await prepare(this.#core, job);
    const stored = await this.#store.together([prepared.entry], once);
    const [ref] = stored.refs;
    if (stored.kind === 'replayed' || ref === undefined) return replay(stored.refs);
    return { value: show(prepared, ref), replayed: false };
  }

  /** Takes in what it can; outcomes come in the order of the jobs. */
  async submitEach(candidates: readonly Candidate[]): Promise<BatchOutcome[]> {
    const outcomes: BatchOutcome[] = [];
    for (let start = 0; start < candidates.length; start += WINDOW) {
      const window = candidates.slice(start, start + WINDOW);
      outcomes.push(...(await Promise.all(window.map((one) => this.#storeOne(one)))));
    }
    return outcomes;
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
  ): Promise<Submitted<BatchOutcome[]>> {
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
    return onceFor(this.#core.keySpace.queue(queue), key, { atomic, items }, this.#core.idempotencyTtlMs);
  }

  async #storeOne(candidate: Candidate): Promise<BatchOutcome> {
    try {
      const checked = await this.#check(candidate);
      if (!checked.ok) return checked;
      const { keys } = checked.prepared.entry;
      return { ok: true, id: formatJobId(keys.queue, await this.#store.one(checked.prepared)) };
    } catch (error) {
      if (error instanceof AppError) return { ok: false, error };
      if (!isUnavailable(error)) throw error;
      // The other jobs of the batch may be stored: each gets an answer of its own.
      return {
        ok: false,
        error: new AppError('redis-unavailable', 'Redis did not take this job.', { cause: error }),
      };
    }
  }

  async #check(candidate: Candidate): Promise<Checked> {
    if (!candidate.ok) return candidate;
    try {
      return { ok: true, prepared: await prepare(this.#core, candidate.job) };
    } catch (error) {
      if (error instanceof AppError) return { ok: false, error };
      throw error;
    }
  }
}

const show = ({ entry, payload, known }: Prepared, ref: Ref): Job =>
  viewNew(entry.keys.queue, ref, { ...entry, payload }, known.defaults(entry.task));

const queueOf = (one: Candidate): string | undefined =>
  one.ok ? (one.job.queue ?? DEFAULT_QUEUE) : undefined;

/** An error as it is remembered with an Idempotency-Key. */
type Description = Pick<AppError, 'code' | 'errors' | 'extensions'> & { detail: string };

const describe = ({ code, message, errors, extensions }: AppError): Description => ({
  code,
  detail: message,
  errors,
  extensions,
});

const restore = ({ code, detail, errors, extensions }: Description): AppError =>
  new AppError(code, detail, errors === undefined ? { extensions } : { errors, extensions });

/** A candidate whose text can be told from others': one that is nested too deeply is refused at once. */
function readable(one: Candidate): Candidate {
  if (!one.ok) return one;
  try {
    encodePayload(one.job.payload ?? null);
    return one;
  } catch (error) {
    if (error instanceof AppError) return { ok: false, error };
    throw error;
  }
}

/** Outcomes from what was stored: refs in the order of the jobs that were taken in, and the others' errors. */
function recalled(
  candidates: readonly Candidate[],
  { refs, note }: { refs: readonly Ref[]; note: string },
): BatchOutcome[] {
  const refused = JSON.parse(note) as (Description | null)[];
  const taken = refs.values();
  return candidates.map((one, i): BatchOutcome => {
    const error = refused[i];
    if (error) return { ok: false, error: restore(error) };
    const ref = taken.next().value;
    const queue = queueOf(one);
    if (ref === undefined || queue === undefined)
      throw new Error('an Idempotency-Key remembers another batch');
    return { ok: true, id: formatJobId(queue, ref) };
  });
}
