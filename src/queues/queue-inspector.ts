import type { Core } from '../core/core.ts';
import { expireAll } from '../lifecycle/expire.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { PendingJob, QueueStats, QueueSummary } from '../schemas/queue.ts';
import type { ListedStatus } from '../schemas/values/names.ts';
import { listJobs, type Page } from './list-jobs.ts';
import { listPending } from './pending.ts';
import { queueStats, queueSummary } from './stats.ts';

/** Queues that are asked together, in the round trips of one. */
const QUEUES_AT_ONCE = 50;

/** Reads queues: counts, listings, running jobs. */
export class QueueInspector {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  async summaries(): Promise<QueueSummary[]> {
    const { redis, keySpace, queues } = this.#core;
    const names = await queues.names();
    return Promise.all(
      names.map(async (name) => {
        const keys = keySpace.queue(name);
        await this.#expire(keys);
        return queueSummary(redis, keys);
      }),
    );
  }

  /** @throws {AppError} queue-not-found, as do all below that take a queue. */
  async stats(queue: string): Promise<QueueStats> {
    const keys = await this.#core.queues.existing(queue);
    await this.#expire(keys);
    return queueStats(this.#core.redis, keys);
  }

  async list(queue: string, query: { status?: ListedStatus; limit: number; cursor?: string }): Promise<Page> {
    const keys = await this.#core.queues.existing(queue);
    await this.#expire(keys);
    return listJobs(this.#core, keys, query);
  }

  async pending(queue: string, limit: number): Promise<PendingJob[]> {
    return listPending(this.#core, await this.#core.queues.existing(queue), limit);
  }

  /** The running jobs of all queues, by queue: at most `limit`. */
  async pendingOfAll(limit: number): Promise<PendingJob[]> {
    const names = await this.#core.queues.names();
    const found: PendingJob[] = [];
    for (let first = 0; first < names.length && found.length < limit; first += QUEUES_AT_ONCE) {
      const queues = names
        .slice(first, first + QUEUES_AT_ONCE)
        .map((name) => this.#core.keySpace.queue(name));
      const left = limit - found.length;
      const parts = await Promise.all(queues.map((keys) => listPending(this.#core, keys, left)));
      found.push(...parts.flat().slice(0, left));
    }
    return found;
  }

  /** Expired jobs are shown as such, though no worker may be there to end them. */
  async #expire(keys: QueueKeys): Promise<void> {
    await expireAll(this.#core, keys);
  }
}
