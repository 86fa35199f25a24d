import type { Job, SubmitJob } from '../../../src/schemas/job.ts';
import { PATIENCE_MS } from '../../helpers/patience.ts';
import { type Answer, RefusedError, type RequestOptions, Requests, type Sent } from './requests.ts';

/** A job that the API has accepted, as its client knows it. */
export interface Accepted {
  readonly key: string;
  readonly task: string;
  /** All ids that were answered for the key; more than one is a violation. */
  readonly ids: Set<string>;
  /** Unix ms. */
  readonly at: number;
}

export interface ClientOptions extends RequestOptions {
  /** Requests at a time. */
  concurrency: number;
}

export const DEFAULT_CLIENTS = { concurrency: 32, patienceMs: PATIENCE_MS };

const SUBMIT_DEADLINE_MS = 5_000;
const WAIT_S = 10;
const READ_DEADLINE_MS = (WAIT_S + 5) * 1_000;

/** A job whose payload has a `key`, which is also the key of the request. */
export type KeyedJob = SubmitJob & { payload: { key: string; [more: string]: unknown } };

const keyed = (key: string, body: unknown): Omit<Sent, 'path'> => ({
  method: 'POST',
  deadlineMs: SUBMIT_DEADLINE_MS,
  headers: { 'content-type': 'application/json', 'idempotency-key': key },
  body: JSON.stringify(body),
});

/** Clients that try again until they have an answer, and what the answers were. */
export class Clients {
  readonly accepted = new Map<string, Accepted>();
  readonly #options: ClientOptions;
  readonly #requests: Requests;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#requests = new Requests(options);
  }

  /** Answers of the server by status; `error` for requests without an answer. */
  get answers(): ReadonlyMap<string, number> {
    return this.#requests.answers;
  }

  /** Submits all, each until it is accepted. @throws {RefusedError} or when one is not in time. */
  async submitAll(jobs: AsyncIterable<KeyedJob>): Promise<void> {
    await this.#spread(jobs, (job) => this.submit(job));
  }

  async submit(job: KeyedJob): Promise<Accepted> {
    const { key } = job.payload;
    const { body } = await this.#requests.insist([200, 202], { ...keyed(key, job), path: '/jobs' });
    return this.#accept(job, body.id);
  }

  /** One request to this API that waits for the end of the job, without a second try; accepted or not. */
  async submitOnce(origin: string, job: KeyedJob, waitS: number): Promise<Answer> {
    const path = `/jobs?wait=${waitS}`;
    const deadlineMs = (waitS + 5) * 1_000;
    const answer = await this.#requests.send(origin, { ...keyed(job.payload.key, job), path, deadlineMs });
    if (answer.status === 200 || answer.status === 202) this.#accept(job, answer.body.id);
    return answer;
  }

  /** When the first job was accepted that was accepted after this moment, Unix ms. */
  acceptedSince(after: number): number | undefined {
    for (const { at } of this.accepted.values()) if (at > after) return at;
    return undefined;
  }

  /** Waits for the end of every accepted job; what is gone (404, 410) is undefined. */
  async finals(): Promise<Map<string, Job | undefined>> {
    const found = new Map<string, Job | undefined>();
    const ids = [...this.accepted.values()].flatMap((accepted) => [...accepted.ids]);
    await this.#spread(ids, async (id) => {
      found.set(id, await this.finished(id));
    });
    return found;
  }

  /** The job when it has ended, or as it is when the time is over; undefined when nobody knows it. */
  async finished(id: string): Promise<Job | undefined> {
    const deadline = performance.now() + this.#options.patienceMs;
    for (;;) {
      const { status, body } = await this.#requests.insist([200, 404, 410], {
        method: 'GET',
        path: `/jobs/${id}?wait=${WAIT_S}`,
        deadlineMs: READ_DEADLINE_MS,
      });
      if (status !== 200) return undefined;
      if (body.finishedAt !== undefined || performance.now() > deadline) return body;
    }
  }

  /** Submits jobs in one request, under one key, until all of them are accepted. */
  async submitBatch(key: string, jobs: readonly KeyedJob[]): Promise<void> {
    const { body } = await this.#requests.insist([207], { ...keyed(key, { jobs }), path: '/jobs/batch' });
    const { items } = body as unknown as { items: { id?: string }[] };
    jobs.forEach((job, i) => {
      const id = items[i]?.id;
      if (id === undefined) throw new RefusedError(`batch ${key}: ${JSON.stringify(items[i])}`);
      this.#accept(job, id);
    });
  }

  /** POST without a body until the answer is one of those. */
  async insist(path: string, wanted: readonly number[]): Promise<void> {
    await this.#requests.insist(wanted, { method: 'POST', path, deadlineMs: SUBMIT_DEADLINE_MS });
  }

  close(): Promise<void> {
    return this.#requests.close();
  }

  async #spread<T>(
    items: Iterable<T> | AsyncIterable<T>,
    work: (item: T) => Promise<unknown>,
  ): Promise<void> {
    const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    const one = async () => {
      for (;;) {
        const next = await iterator.next();
        if (next.done) return;
        await work(next.value);
      }
    };
    await Promise.all(Array.from({ length: this.#options.concurrency }, one));
  }

  #accept(job: KeyedJob, id: string): Accepted {
    const { key } = job.payload;
    const known = this.accepted.get(key);
    known?.ids.add(id);
    const accepted = known ?? { key, task: job.task, ids: new Set([id]), at: Date.now() };
    this.accepted.set(key, accepted);
    return accepted;
  }
}
