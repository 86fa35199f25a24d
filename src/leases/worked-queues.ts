import { createHash } from 'node:crypto';
import type { Core } from '../core/core.ts';
import { keepAnnounced } from '../tasks/announcements.ts';
import { recordHttpQueues } from './scripts/http-queues.ts';

/** What is to be known of work over HTTP. */
export interface Worked {
  readonly queues: readonly string[];
  /** Tasks that the worker has; undefined: it has not said. */
  readonly tasks: readonly string[] | undefined;
}

/** Noted anew after this long, far less than a note counts. */
const NOTE_EVERY_MS = 60_000;
const MOST_NOTED = 10_000;

/** Makes queues known, and known as ones that need upkeep from the API; says which tasks their workers have. */
export class WorkedQueueRecorder {
  readonly #core: Core;
  /** Queue and tasks -> when that was noted, monotonic ms. */
  readonly #at = new Map<string, number>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** Asks Redis nothing for what was noted lately. A queue that is known can be noted while Redis is full. */
  async note({ queues, tasks }: Worked): Promise<void> {
    const { redis, keySpace } = this.#core;
    const now = performance.now();
    const named = tasks === undefined ? '' : digest(tasks);
    const due = queues.filter(
      (queue) => now - (this.#at.get(`${queue} ${named}`) ?? -Infinity) > NOTE_EVERY_MS,
    );
    if (due.length === 0) return;
    if (this.#at.size > MOST_NOTED) this.#at.clear();
    await this.#core.queues.register(due);
    const announce = (queue: string) =>
      tasks === undefined ? undefined : keepAnnounced(redis, keySpace.queue(queue), tasks, Date.now());
    await Promise.all([recordHttpQueues(redis, keySpace.httpQueues, due), ...due.map(announce)]);
    for (const queue of due) this.#at.set(`${queue} ${named}`, now);
  }
}

/** The names may be long, and many. */
const digest = (tasks: readonly string[]): string =>
  createHash('sha1').update(tasks.join(' ')).digest('base64url');
