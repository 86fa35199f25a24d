import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../../src/schemas/job.ts';
import { JSON_TYPE, send } from '../api/send.ts';
import { until } from '../redis/server.ts';

/** An accepted job; `at` is monotonic, ms. */
interface Accepted {
  readonly id: string;
  readonly at: number;
}

/** What the API says of an accepted job that has not completed. */
interface Unfinished extends Accepted {
  readonly status: number;
  readonly state: string | undefined;
}

/** A reply and its copy for the replica go out in one step of Redis; a kill may come in between. */
export const ONE_STEP_MS = 250;
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

  readonly #queues: readonly string[];

  /** @param file where the task writes that a job ran. */
  constructor(origin: string, file: string, queues: readonly string[] = ['default']) {
    this.#origin = origin;
    this.#file = file;
    this.#queues = queues;
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

  /**
   * Waits until all accepted jobs have completed. Returns how many are gone.
   *
   * @param faultAt a server was lost. Jobs that were accepted in that moment may be gone with it; what it left behind completes.
   */
  async untilCompleted(faultAt: number): Promise<number> {
    let left: Unfinished[] = [];
    const isLost = ({ at, status }: Unfinished) => status === 404 && Math.abs(at - faultAt) < ONE_STEP_MS;
    await until(
      async () => {
        left = await this.#unfinished();
        return left.every(isLost);
      },
      () => `all accepted jobs complete; left: ${JSON.stringify(left.slice(0, 5))}`,
    );
    return left.length;
  }

  async #unfinished(): Promise<Unfinished[]> {
    const missing: Unfinished[] = [];
    for (const { id, at } of this.accepted) {
      const { status, body } = await send(this.#origin, { method: 'GET', path: `/jobs/${id}` });
      const { status: state } = body as Partial<Job>;
      if (state !== 'completed') missing.push({ id, at, status, state });
    }
    return missing;
  }

  async #submitAll(): Promise<void> {
    while (!this.#isStopped) {
      const key = this.#next;
      this.#next += 1;
      const queue = this.#queues[key % this.#queues.length];
      const body = JSON.stringify({ task: 'journal', queue, payload: { file: this.#file, key } });
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
