import type { Core } from '../core/core.ts';
import { expireAll } from '../lifecycle/cancel-and-expire.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { PendingJob, QueueStats, QueueSummary } from '../schemas/queue.ts';
import type { ListedStatus } from '../schemas/values/names.ts';
import { type JobPage, listJobs } from './list-jobs.ts';
import { listPending } from './pending.ts';
import { queueStats, queueSummary } from './stats.ts';

/** Queues that are read at a time. Their commands share round trips. */
const QUEUES_AT_ONCE = 50;

/** Reads queues: counts, lists of jobs, running jobs. */
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

  /** @throws {AppError} queue-not-found, like every method below that takes a queue. */
  async stats(queue: string): Promise<QueueStats> {
    const keys = await this.#core.queues.existing(queue);
    await this.#expire(keys);
    return queueStats(this.#core.redis, keys);
  }

  async list(
    queue: string,
    query: { status?: ListedStatus; limit: number; cursor?: string },
  ): Promise<JobPage> {
    const keys = await this.#core.queues.existing(queue);
    await this.#expire(keys);
    return listJobs(this.#core, keys, query);
  }

  async pending(queue: string, limit: number): Promise<PendingJob[]> {
    return listPending(this.#core, await this.#core.queues.existing(queue), limit);
  }

  /** At most `limit` running jobs of all queues, queue by queue. */
  async pendingOfAll(limit: number): Promise<PendingJob[]> {
    const names = await this.#core.queues.names();
    const pending: PendingJob[] = [];
    for (let first = 0; first < names.length && pending.length < limit; first += QUEUES_AT_ONCE) {
      const queues = names
        .slice(first, first + QUEUES_AT_ONCE)
        .map((name) => this.#core.keySpace.queue(name));
      const left = limit - pending.length;
      const parts = await Promise.all(queues.map((keys) => listPending(this.#core, keys, left)));
      pending.push(...parts.flat().slice(0, left));
    }
    return pending;
  }

  /** Expires the jobs whose time is up, so that counts and lists are right without a worker. */
  async #expire(keys: QueueKeys): Promise<void> {
    await expireAll(this.#core, keys);
  }
}
