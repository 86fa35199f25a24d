import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Job, SubmitJob } from '../../src/schemas/job.ts';
import type { Random } from './random.ts';

/** What a client knows of a job that it was told is accepted. */
export interface Accepted {
  readonly key: string;
  readonly task: string;
  /** All ids that were answered for the key; more than one is a violation. */
  readonly ids: Set<string>;
  /** Requests until the first acceptance. */
  readonly tries: number;
  /** Unix ms. */
  readonly at: number;
}

export interface ClientOptions {
  origins: readonly string[];
  random: Random;
  /** Requests at a time. */
  concurrency: number;
  /** How long one job may take to be accepted, or to be read. */
  patienceMs: number;
}

export const DEFAULT_CLIENTS = { concurrency: 32, patienceMs: 60_000 };

const SUBMIT_DEADLINE_MS = 5_000;
const WAIT_S = 10;
const READ_DEADLINE_MS = (WAIT_S + 5) * 1_000;
const FIRST_PAUSE_MS = 10;
const MAX_PAUSE_MS = 250;

/** A job whose payload has a `key`, which is also the key of the request. */
export type KeyedJob = SubmitJob & { payload: { key: string; [more: string]: unknown } };

/** The server said no where it had to say yes. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

type Method = 'GET' | 'POST';

interface Message {
  headers?: Record<string, string>;
  body?: string;
}

const message = (key: string, body: unknown): Message => ({
  headers: { 'content-type': 'application/json', 'idempotency-key': key },
  body: JSON.stringify(body),
});

interface Answer {
  status: number;
  body: Job;
}

/** Clients that try again until they have an answer, with what they were told. */
export class Clients {
  readonly accepted = new Map<string, Accepted>();
  /** Answers of the server by status; `error` for requests without an answer. */
  readonly answers = new Map<string, number>();
  readonly #options: ClientOptions;
  readonly #agent = new Agent({ connections: 64, connectTimeout: 2_000 });
  #closed = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Submits all, each until it is accepted. @throws {RefusedError} or when one is not in time. */
  async submitAll(jobs: AsyncIterable<KeyedJob>): Promise<void> {
    await this.#spread(jobs, (job) => this.submit(job));
  }

  async submit(job: KeyedJob): Promise<Accepted> {
    const { key } = job.payload;
    let tries = 0;
    const { body } = await this.#insist(`submit ${key}`, [200, 202], () => {
      tries += 1;
      return this.#ask('POST', '/jobs', SUBMIT_DEADLINE_MS, message(job.payload.key, job));
    });
    return this.#accept(job, body.id, tries);
  }

  /** One request to this API that waits for the end of the job, without a second try; accepted or not. */
  async submitOnce(origin: string, job: KeyedJob, waitS: number): Promise<Answer> {
    const answer = await this.#send(
      origin,
      'POST',
      `/jobs?wait=${waitS}`,
      (waitS + 5) * 1_000,
      message(job.payload.key, job),
    );
    if (answer.status === 200 || answer.status === 202) this.#accept(job, answer.body.id, 1);
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
      const { status, body } = await this.#insist(`read ${id}`, [200, 404, 410], () =>
        this.#ask('GET', `/jobs/${id}?wait=${WAIT_S}`, READ_DEADLINE_MS),
      );
      if (status !== 200) return undefined;
      if (body.finishedAt !== undefined || performance.now() > deadline) return body;
    }
  }

  /** Submits jobs in one request, under one key, until all of them are accepted. */
  async submitBatch(key: string, jobs: readonly KeyedJob[]): Promise<void> {
    const { body } = await this.#insist(`batch ${key}`, [207], () =>
      this.#ask('POST', '/jobs/batch', SUBMIT_DEADLINE_MS, message(key, { jobs })),
    );
    const { items } = body as unknown as { items: { id?: string }[] };
    jobs.forEach((job, i) => {
      const id = items[i]?.id;
      if (id === undefined) throw new RefusedError(`batch ${key}: ${JSON.stringify(items[i])}`);
      this.#accept(job, id, 1);
    });
  }

  /** POST without a body until the answer is one of those. */
  async insist(path: string, wanted: readonly number[]): Promise<void> {
    await this.#insist(path, wanted, () => this.#ask('POST', path, SUBMIT_DEADLINE_MS));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#agent.destroy();
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

  #accept(job: KeyedJob, id: string, tries: number): Accepted {
    const { key } = job.payload;
    const known = this.accepted.get(key);
    known?.ids.add(id);
    const accepted = known ?? { key, task: job.task, ids: new Set([id]), tries, at: Date.now() };
    this.accepted.set(key, accepted);
    return accepted;
  }

  /** Asks any API again and again until the status is one of those. */
  async #insist(what: string, wanted: readonly number[], ask: () => Promise<Answer>): Promise<Answer> {
    const deadline = performance.now() + this.#options.patienceMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      const answer = await ask().catch((error: unknown) => String(error));
      if (typeof answer === 'string') this.#count('error');
      else {
        this.#count(String(answer.status));
        if (wanted.includes(answer.status)) return answer;
        if (answer.status < 500)
          throw new RefusedError(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
      }
      const last = typeof answer === 'string' ? answer : String(answer.status);
      if (this.#closed || performance.now() > deadline)
        throw new Error(`${what} got no answer in time; the last: ${last}`);
      await sleep(pause);
    }
  }

  #ask(method: Method, path: string, deadlineMs: number, sent: Message = {}): Promise<Answer> {
    return this.#send(this.#options.random.pick(this.#options.origins), method, path, deadlineMs, sent);
  }

  async #send(
    origin: string,
    method: Method,
    path: string,
    deadlineMs: number,
    sent: Message,
  ): Promise<Answer> {
    const { statusCode, body } = await request(origin + path, {
      method,
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(deadlineMs),
      ...sent,
    });
    const text = await body.text();
    return { status: statusCode, body: (text === '' ? {} : JSON.parse(text)) as Job };
  }

  #count(answer: string): void {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
  }
}
