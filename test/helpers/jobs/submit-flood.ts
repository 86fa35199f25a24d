import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../../src/schemas/job.ts';
import { JSON_TYPE, send } from '../api/send.ts';

const PAUSE_MS = 5;

/** Clients that submit jobs one after the other, for a queue without workers, and note what was accepted. */
export class Flood {
  /** Ids, with the time of the 202, monotonic ms. */
  readonly accepted: { readonly id: string; readonly at: number }[] = [];
  /** Answers other than 202, by their status and code. */
  readonly refused = new Map<string, number>();
  readonly #origin: string;
  readonly #body: string;
  #running: Promise<unknown> | undefined;
  #isStopped = false;

  /** @param bytes of each payload. */
  constructor(origin: string, queue: string, bytes: number) {
    this.#origin = origin;
    this.#body = JSON.stringify({ task: 'none', queue, payload: 'x'.repeat(bytes) });
  }

  start(clients: number): void {
    this.#running = Promise.all(Array.from({ length: clients }, () => this.#submitAll()));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** The accepted jobs that Redis does not have. */
  async lost(): Promise<string[]> {
    const lost: string[] = [];
    for (const { id } of this.accepted) {
      const { status } = await send(this.#origin, { method: 'GET', path: `/jobs/${id}` });
      if (status !== 200) lost.push(id);
    }
    return lost;
  }

  async #submitAll(): Promise<void> {
    while (!this.#isStopped) {
      const { status, body } = await send(this.#origin, {
        path: '/jobs',
        headers: JSON_TYPE,
        body: this.#body,
      });
      if (status === 202) {
        this.accepted.push({ id: (body as Job).id, at: performance.now() });
      } else {
        const kind = `${status} ${(body as { code: string }).code}`;
        this.refused.set(kind, (this.refused.get(kind) ?? 0) + 1);
      }
      await sleep(PAUSE_MS);
    }
  }
}
