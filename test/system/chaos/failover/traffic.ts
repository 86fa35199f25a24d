import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from '../../../helpers/patience.ts';
import { seeded } from '../random.ts';
import { type Answer, Requests } from '../requests.ts';

/** A job that was accepted. Times are Unix ms. */
export interface Entry {
  readonly key: string;
  readonly queue: string;
  /** Whether it was sent with an Idempotency-Key, until it was accepted. */
  readonly isKeyed: boolean;
  /** All ids that were answered for it. */
  readonly ids: Set<string>;
  /** When the request was sent that was accepted first, and when that was answered. */
  readonly sentAt: number;
  readonly at: number;
}

const SUBMITTERS = 12;
const PAUSE_MS = 50;
const DEADLINE_MS = 5_000;
const MAX_JOB_MS = 30;
const REPEATS_AT_ONCE = 16;

/** Clients that submit jobs of the task `work`, every second with a key, and note outside of Redis what was accepted. */
export class Traffic {
  readonly entries: Entry[] = [];
  /** Answers other than 202, by their status and code. */
  readonly refused = new Map<string, number>();
  /** The longest time to an answer, ms. */
  slowestMs = 0;
  readonly #origin: string;
  readonly #queues: readonly string[];
  readonly #requests: Requests;
  #next = 0;
  #isStopped = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(origin: string, queues: readonly string[]) {
    this.#origin = origin;
    this.#queues = queues;
    this.#requests = new Requests({ origins: [origin], random: seeded(1), patienceMs: PATIENCE_MS });
  }

  /** Submits until it is stopped; forgets what was before. */
  start(): void {
    this.entries.length = 0;
    this.refused.clear();
    this.slowestMs = 0;
    this.#isStopped = false;
    this.#running = Promise.all(Array.from({ length: SUBMITTERS }, () => this.#submitAll()));
    // The rejection is for `stop`.
    this.#running.catch(() => undefined);
  }

  /** Resolves when every job with a key has been accepted. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  close(): Promise<void> {
    return this.#requests.close();
  }

  /** Accepted jobs whose requests were sent since a moment. */
  sentSince(at: number): Entry[] {
    return this.entries.filter(({ sentAt }) => sentAt >= at);
  }

  /** Sends the jobs with keys again. Each must be answered with its first id: gives those that are not. */
  async replay(entries: readonly Entry[]): Promise<Entry[]> {
    const keyed = entries.filter(({ isKeyed }) => isKeyed);
    await atOnce(keyed, async (entry) => {
      for (;;) {
        const answer = await this.#send(entry.key, entry.queue, true);
        if (answer !== undefined && answer.status < 500) {
          entry.ids.add(answer.body.id ?? `${answer.status}`);
          return;
        }
        await sleep(PAUSE_MS);
      }
    });
    return keyed.filter(({ ids }) => ids.size > 1);
  }

  /** What the API says of each job, once it has ended or is gone; `undefined` when it has not ended in time. */
  async endsOf(entries: readonly Entry[], limitMs: number): Promise<Map<Entry, string | undefined>> {
    const ends = new Map<Entry, string | undefined>();
    const deadline = performance.now() + limitMs;
    await atOnce(entries, async (entry) => {
      const [id = ''] = entry.ids;
      for (;;) {
        const answer = await this.#requests
          .send(this.#origin, { method: 'GET', path: `/jobs/${id}?wait=1`, deadlineMs: DEADLINE_MS })
          .catch(() => undefined);
        const isGone = answer?.status === 404 || answer?.status === 410;
        if (isGone || answer?.body.finishedAt !== undefined) {
          ends.set(entry, isGone ? 'lost' : answer?.body.status);
          return;
        }
        if (performance.now() > deadline) {
          ends.set(entry, undefined);
          return;
        }
        await sleep(PAUSE_MS);
      }
    });
    return ends;
  }

  async #submitAll(): Promise<void> {
    while (!this.#isStopped) {
      const number = this.#next++;
      const queue = this.#queues[number % this.#queues.length] ?? '';
      await this.#submit(`t${number}`, queue, Math.floor(number / this.#queues.length) % 2 === 0);
      await sleep(PAUSE_MS);
    }
  }

  async #submit(key: string, queue: string, isKeyed: boolean): Promise<void> {
    for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
      const sentAt = Date.now();
      const answer = await this.#send(key, queue, isKeyed);
      if (answer?.status === 202) {
        this.entries.push({ key, queue, isKeyed, ids: new Set([answer.body.id]), sentAt, at: Date.now() });
        return;
      }
      if (!isKeyed) return;
      await sleep(PAUSE_MS);
    }
    throw new Error(`${key} was not accepted within ${PATIENCE_MS} ms`);
  }

  /** One request; undefined without an answer. */
  async #send(key: string, queue: string, isKeyed: boolean): Promise<Answer | undefined> {
    const sentAt = performance.now();
    const ms = (Number(key.slice(1)) * 7) % MAX_JOB_MS;
    const answer = await this.#requests
      .send(this.#origin, {
        method: 'POST',
        path: '/jobs',
        deadlineMs: DEADLINE_MS,
        headers: { 'content-type': 'application/json', ...(isKeyed && { 'idempotency-key': key }) },
        body: JSON.stringify({ task: 'work', queue, payload: { key, ms } }),
      })
      .catch(() => undefined);
    this.slowestMs = Math.max(this.slowestMs, performance.now() - sentAt);
    if (answer === undefined) this.#refuse('no answer');
    else if (answer.status >= 300)
      this.#refuse(`${answer.status} ${(answer.body as { code?: string }).code}`);
    return answer;
  }

  #refuse(kind: string): void {
    this.refused.set(kind, (this.refused.get(kind) ?? 0) + 1);
  }
}

async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const one = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: REPEATS_AT_ONCE }, one));
}
