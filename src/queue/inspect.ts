import { AppError } from '../errors.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { withdraw } from '../redis/scripts/cancel.ts';
import { setMaxJobs } from '../redis/scripts/limit.ts';
import { type Found, remove } from '../redis/scripts/lookup.ts';
import { setPaused } from '../redis/scripts/pause.ts';
import type { HistoryPage, HistoryQuery } from '../schemas/event.ts';
import type { Job } from '../schemas/job.ts';
import type { ListedStatus } from '../schemas/names.ts';
import type { DeadSelection, PendingJob, QueueSettings, QueueStats, QueueSummary } from '../schemas/queue.ts';
import type { AnnounceTask, KnownTask } from '../schemas/task-http.ts';
import { announceTask, forgetTask, listTasks } from './announced.ts';
import type { Core } from './core.ts';
import { type DeadStep, purgeLetters, retryDead, retryLetters } from './dead.ts';
import { expireAll } from './expire.ts';
import { endIfLapsed, findJob, locate, show } from './find.ts';
import { readHistory } from './history.ts';
import { knownQueue, noteQueue } from './known.ts';
import { listJobs, listPending, type Page } from './list.ts';
import { queueStats, queueSummary } from './stats.ts';

/** Queues that are asked together, in the round trips of one. */
const QUEUES_AT_ONCE = 50;

/** Looks into queues, and acts on jobs from outside. */
export class Inspector {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** @throws {AppError} job-not-found or job-gone. */
  find(id: string): Promise<Job> {
    return findJob(this.#core, id);
  }

  /** The job, or undefined when it is not kept any more. */
  async findKept(id: string): Promise<Job | undefined> {
    try {
      return await findJob(this.#core, id);
    } catch (error) {
      if (error instanceof AppError && (error.code === 'job-gone' || error.code === 'job-not-found'))
        return undefined;
      throw error;
    }
  }

  /**
   * Ends a waiting job, or asks the worker of a running one to stop it.
   *
   * @throws {AppError} job-finished, job-not-found or job-gone.
   */
  async cancel(id: string): Promise<{ done: boolean; job: Job }> {
    const { keys, ref } = locate(this.#core, id);
    const outcome = await withdraw(this.#core.redis, keys, ref, 'cancelled', this.#core.resultTtlMs);
    const job = await findJob(this.#core, id);
    if (outcome === 'finished') {
      throw new AppError('job-finished', `The job has ended already: it is ${job.status}.`, {
        extensions: { jobStatus: job.status },
      });
    }
    return { done: outcome === 'withdrawn', job };
  }

  /**
   * Removes a finished job for ever, and returns it as it was.
   *
   * @throws {AppError} job-not-finished, job-not-found or job-gone.
   */
  async remove(id: string): Promise<Job> {
    const located = locate(this.#core, id);
    let found: Found = await remove(this.#core.redis, located.keys, located.ref);
    if (await endIfLapsed(this.#core, located, found)) {
      found = await remove(this.#core.redis, located.keys, located.ref);
    }
    const job = show(this.#core, id, located, found);
    if (found.place !== 'result' && found.place !== 'failed') {
      throw new AppError(
        'job-not-finished',
        `The job is ${job.status}; cancel it first, or wait for its end.`,
        {
          extensions: { jobStatus: job.status },
        },
      );
    }
    return job;
  }

  async queues(): Promise<QueueSummary[]> {
    const names = await this.#core.redis.smembers(this.#core.keySpace.queues);
    return Promise.all(
      names.sort().map(async (name) => {
        const keys = this.#core.keySpace.queue(name);
        await this.#expire(keys);
        return queueSummary(this.#core.redis, keys);
      }),
    );
  }

  /** @throws {AppError} queue-not-found, as do all below. */
  async stats(queue: string): Promise<QueueStats> {
    const keys = await this.known(queue);
    await this.#expire(keys);
    return queueStats(this.#core.redis, keys);
  }

  /** Lets a failed job run again. @throws {AppError} job-not-failed, job-not-found or job-gone. */
  retry(id: string): Promise<Job> {
    return retryDead(this.#core, id);
  }

  async retryDead(queue: string, selection: DeadSelection): Promise<DeadStep> {
    return retryLetters(this.#core, await this.known(queue), selection);
  }

  async purgeDead(queue: string, selection: DeadSelection): Promise<DeadStep> {
    return purgeLetters(this.#core, await this.known(queue), selection);
  }

  async list(queue: string, query: { status?: ListedStatus; limit: number; cursor?: string }): Promise<Page> {
    const keys = await this.known(queue);
    await this.#expire(keys);
    return listJobs(this.#core, keys, query);
  }

  async pending(queue: string, limit: number): Promise<PendingJob[]> {
    return listPending(this.#core, await this.known(queue), limit);
  }

  /** Who runs what in all queues, by queue: at most `limit` running jobs. */
  async pendingOfAll(limit: number): Promise<PendingJob[]> {
    const names = await this.#core.redis.smembers(this.#core.keySpace.queues);
    names.sort();
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

  async history(queue: string, query: HistoryQuery): Promise<HistoryPage> {
    return readHistory(this.#core.redis, await this.known(queue), query);
  }

  /** Pausing stops workers from taking jobs; those that run go on. Also makes the queue known. */
  async setPaused(queue: string, paused: boolean): Promise<QueueSummary> {
    const keys = this.#core.keySpace.queue(queue);
    await noteQueue(this.#core, queue);
    await setPaused(this.#core.redis, keys, paused);
    return queueSummary(this.#core.redis, keys);
  }

  /** Sets what is given of a queue's settings. Also makes the queue known. */
  async configure(queue: string, { maxJobs }: QueueSettings): Promise<QueueSummary> {
    const { redis, keySpace, tasks } = this.#core;
    const keys = keySpace.queue(queue);
    await noteQueue(this.#core, queue);
    if (maxJobs !== undefined) await setMaxJobs(redis, keys, maxJobs);
    await tasks.refresh(keys);
    return queueSummary(redis, keys);
  }

  /** @throws {AppError} invalid-request. */
  announceTask(queue: string, name: string, options: AnnounceTask): Promise<KnownTask> {
    return announceTask(this.#core, queue, name, options);
  }

  /** @throws {AppError} task-not-found. */
  forgetTask(queue: string, name: string): Promise<void> {
    return forgetTask(this.#core, queue, name);
  }

  /** What workers have announced, for one queue or all. */
  tasks(query: { queue?: string; cursor?: string }): Promise<{ items: KnownTask[]; nextCursor?: string }> {
    return listTasks(this.#core, query);
  }

  /** What has lapsed is shown as such, though no worker may be there to end it. */
  async #expire(keys: QueueKeys): Promise<void> {
    await expireAll(this.#core.redis, keys, this.#core.resultTtlMs);
  }

  /** @throws {AppError} queue-not-found. */
  known(queue: string): Promise<QueueKeys> {
    return knownQueue(this.#core, queue);
  }
}
