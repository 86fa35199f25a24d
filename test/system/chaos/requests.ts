import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Job } from '../../../src/schemas/job.ts';
import type { Random } from './random.ts';

export interface RequestOptions {
  origins: readonly string[];
  /** Chooses the API that is asked. */
  random: Random;
  /** How long it is asked again and again, ms. */
  patienceMs: number;
}

export interface Sent {
  method: 'GET' | 'POST';
  path: string;
  /** For one answer. */
  deadlineMs: number;
  headers?: Record<string, string>;
  body?: string;
}

/** The body is a job but for batches. */
export interface Answer {
  status: number;
  body: Job;
}

/** The server said no where it had to say yes. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

const FIRST_PAUSE_MS = 10;
const MAX_PAUSE_MS = 250;

/** Requests to any of several APIs, repeated until there is an answer. */
export class Requests {
  /** Answers by status; `error` for requests without one. */
  readonly answers = new Map<string, number>();
  readonly #options: RequestOptions;
  readonly #agent = new Agent({ connections: 64, connectTimeout: 2_000 });
  #closed = false;

  constructor(options: RequestOptions) {
    this.#options = options;
  }

  /**
   * Asks again and again until the status is one of those.
   *
   * @throws {RefusedError} at any other status below 500; an error when there was no answer in time.
   */
  async insist(wanted: readonly number[], sent: Sent): Promise<Answer> {
    const { random, origins, patienceMs } = this.#options;
    const what = `${sent.method} ${sent.path} ${sent.body?.slice(0, 200) ?? ''}`;
    const deadline = performance.now() + patienceMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      const answer = await this.send(random.pick(origins), sent).catch((error: unknown) => String(error));
      const last = typeof answer === 'string' ? answer : String(answer.status);
      this.#count(typeof answer === 'string' ? 'error' : last);
      if (typeof answer !== 'string') {
        if (wanted.includes(answer.status)) return answer;
        if (answer.status < 500) throw new RefusedError(`${what}: ${last} ${JSON.stringify(answer.body)}`);
      }
      if (this.#closed || performance.now() > deadline) {
        throw new Error(`${what} got no answer in time; the last: ${last}`);
      }
      await sleep(pause);
    }
  }

  /** One request. @throws when there is no answer in time. */
  async send(origin: string, { path, deadlineMs, ...sent }: Sent): Promise<Answer> {
    const { statusCode, body } = await request(origin + path, {
      ...sent,
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(deadlineMs),
    });
    const text = await body.text();
    return { status: statusCode, body: (text === '' ? {} : JSON.parse(text)) as Job };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#agent.destroy();
  }

  #count(answer: string): void {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
  }
}
