import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../../src/schemas/job.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';

/** An accepted job; `at` is monotonic, ms. */
interface Accepted {
  readonly id: string;
  readonly at: number;
}

const SUBMITTERS = 8;
const PAUSE_MS = 20;

/** Clients that submit jobs one after the other and note outside of Redis what was accepted. */
export class Load {
  readonly accepted: Accepted[] = [];
  /** Answers other than 202, by their status and code. */
  readonly refused = new Map<string, number>();
  readonly #origin: string;
  readonly #file: string;
  #running: Promise<unknown> | undefined;
  #isStopped = false;
  #next = 0;

  /** @param file where the task writes that a job ran. */
  constructor(origin: string, file: string) {
    this.#origin = origin;
    this.#file = file;
  }

  start(): void {
    this.#running = Promise.all(Array.from({ length: SUBMITTERS }, () => this.#submitAll()));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** When the first job was accepted after this moment; undefined before that. */
  firstAfter(at: number): number | undefined {
    return this.accepted.find((one) => one.at > at)?.at;
  }

  /** Jobs that ran more than once. */
  doubled(): number {
    const starts = readFileSync(this.#file, 'utf8')
      .split('\n')
      .filter((line) => line.includes(' 1 '));
    const keys = starts.map((line) => line.split(' ')[2]);
    return keys.length - new Set(keys).size;
  }

  /** The accepted jobs that have not completed, with what the API says of them. */
  async unfinished(): Promise<string[]> {
    const missing: string[] = [];
    for (const { id, at } of this.accepted) {
      const { status, body } = await send(this.#origin, { method: 'GET', path: `/jobs/${id}` });
      const job = body as Partial<Job>;
      if (job.status !== 'completed') missing.push(`${id} accepted at ${at}: ${status} ${job.status}`);
    }
    return missing;
  }

  async #submitAll(): Promise<void> {
    while (!this.#isStopped) {
      const key = this.#next;
      this.#next += 1;
      const body = JSON.stringify({ task: 'journal', payload: { file: this.#file, key } });
      const answer = await send(this.#origin, { path: '/jobs', headers: JSON_TYPE, body });
      if (answer.status === 202) this.accepted.push({ id: (answer.body as Job).id, at: performance.now() });
      else this.#refuse(`${answer.status} ${(answer.body as { code: string }).code}`);
      await sleep(PAUSE_MS);
    }
  }

  #refuse(kind: string): void {
    this.refused.set(kind, (this.refused.get(kind) ?? 0) + 1);
  }
}
