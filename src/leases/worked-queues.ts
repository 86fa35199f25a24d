import { createHash } from 'node:crypto';
import type { Core } from '../core/core.ts';
import { keepAnnounced } from '../tasks/announcements.ts';
import { recordHttpQueues } from './scripts/http-queues.ts';

/** A record is repeated after this long, far sooner than it expires. */
const RECORD_EVERY_MS = 60_000;
/** Names come from outside: the memory of them must not grow without bound. */
const MAX_REMEMBERED = 10_000;

/** Records which queues have work over HTTP, so that the API maintains them, and which tasks their workers have. */
export class WorkedQueueRecorder {
  readonly #core: Core;
  /** Queue and digest of the tasks -> when this process last recorded them, monotonic ms. */
  readonly #recordedAt = new Map<string, number>();

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Sends nothing to Redis for what this process has recorded within the last minute. Works for a registered queue even
   * while Redis is full.
   *
   * @param tasks those that the worker has, or `all`; undefined when it does not say, as in a heartbeat.
   */
  async record(queues: readonly string[], tasks: readonly string[] | 'all' | undefined): Promise<void> {
    const { redis, keySpace, clock } = this.#core;
    const now = clock.monotonic();
    const tasksDigest = tasks === undefined || tasks === 'all' ? (tasks ?? '') : digest(tasks);
    const keyOf = (queue: string) => `${queue} ${tasksDigest}`;
    const due = queues.filter(
      (queue) => now - (this.#recordedAt.get(keyOf(queue)) ?? -Infinity) > RECORD_EVERY_MS,
    );
    if (due.length === 0) return;
    if (this.#recordedAt.size > MAX_REMEMBERED) this.#recordedAt.clear();
    await this.#core.queues.register(due);
    const announce = (queue: string) =>
      tasks === undefined
        ? undefined
        : keepAnnounced(redis, keySpace.queue(queue), tasks === 'all' ? undefined : tasks);
    await Promise.all([recordHttpQueues(redis, keySpace.httpQueues, due), ...due.map(announce)]);
    for (const queue of due) this.#recordedAt.set(keyOf(queue), now);
  }
}

/** There may be many names, and long ones. */
const digest = (tasks: readonly string[]): string =>
  createHash('sha1').update(tasks.join(' ')).digest('base64url');
