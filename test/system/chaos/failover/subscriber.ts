import { setTimeout as sleep } from 'node:timers/promises';
import type { JobEvent } from '../../../../src/schemas/event.ts';

const WAIT_MS = 1_000;
const DEADLINE_MS = 5_000;
const PAUSE_MS = 50;
/** What a read took whose answer was lost comes again after this. */
const ACK_WAIT_MS = 2_000;

/** A durable reader of the ends of jobs of a queue, which reads and acknowledges until it is closed. */
export class Subscriber {
  readonly queue: string;
  /** Job -> the events that told its end. */
  readonly ends = new Map<string, Set<string>>();
  readonly #path: string;
  #isClosed = false;
  #running: Promise<void> = Promise.resolve();

  constructor(origin: string, queue: string) {
    this.queue = queue;
    this.#path = `${origin}/queues/${queue}/subscriptions/chaos`;
  }

  async start(): Promise<void> {
    await this.#call('PUT', '', { from: 'oldest', ackWaitMs: ACK_WAIT_MS });
    this.#running = this.#readAll();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #readAll(): Promise<void> {
    while (!this.#isClosed) {
      const read = { types: ['completed'], max: 500, waitMs: WAIT_MS };
      const { events } = (await this.#call('POST', '/read', read)) as { events: JobEvent[] };
      for (const { id, job = '' } of events) {
        const told = this.ends.get(job) ?? new Set();
        this.ends.set(job, told.add(id));
      }
      // With `upTo` it would acknowledge what an answer had that was lost.
      if (events.length > 0) await this.#call('POST', '/ack', { ids: events.map(({ id }) => id) });
    }
  }

  /** Repeats a call until it is answered. @throws {Error} when it is refused. */
  async #call(method: string, path: string, body: object): Promise<unknown> {
    for (;;) {
      const answer = await fetch(`${this.#path}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(DEADLINE_MS),
      }).catch(() => undefined);
      const text = (await answer?.text().catch(() => undefined)) ?? '';
      if (answer?.ok && text !== '') return JSON.parse(text);
      if (answer !== undefined && answer.status < 500 && !answer.ok) {
        throw new Error(`${method} ${path} of a subscription was answered ${answer.status}: ${text}`);
      }
      if (this.#isClosed) return { events: [] };
      await sleep(PAUSE_MS);
    }
  }
}
