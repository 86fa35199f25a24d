import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '../../core/core.ts';
import { AppError } from '../../errors.ts';
import { cancelAll } from '../../lifecycle/cancel-and-expire.ts';
import { latencyWindow } from '../../lifecycle/latency-histogram.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { timeAt } from '../../redis/server-time.ts';
import type { QueueRemains } from '../../schemas/queue.ts';
import { cancelJobs } from '../cancel-jobs.ts';
import { type Removal, removeQueue } from '../scripts/remove-queue.ts';
import { queueSummary } from '../stats.ts';
import { StepReader, walkJobs } from '../walk-jobs.ts';

/** Jobs that one request ends, and schedules that it removes. */
const MOST_JOBS = 1_000;
const MOST_SCHEDULES = 50;
/** Schedules that a problem names. */
const NAMED_SCHEDULES = 10;
/** A queue that had an entry in this millisecond can be removed in the next. */
const MAX_TRIES = 10;
const RETRY_MS = 2;

/** Where the schedules of a queue are removed. */
export interface ScheduleRemover {
  /** Removes what the queue holds of a schedule. @throws {AppError} schedule-busy. */
  removeFromQueue(id: string, queue: string): Promise<void>;
}

/** Removes queues. */
export class QueueRemover {
  readonly #core: Core;
  readonly #schedules: ScheduleRemover;

  constructor(core: Core, schedules: ScheduleRemover) {
    this.#core = core;
    this.#schedules = schedules;
  }

  /** Removes a queue without jobs and schedules. @throws {AppError} queue-not-found or queue-not-empty. */
  async remove(queue: string): Promise<undefined> {
    const keys = await this.#core.queues.existing(queue);
    if (await this.#removeEmpty(keys)) return undefined;
    const [{ counts, schedules }, named] = await Promise.all([
      this.#remains(keys),
      this.#schedulesOf(keys, NAMED_SCHEDULES),
    ]);
    throw new AppError('queue-not-empty', notEmptyText(queue, { counts, schedules }, named), {
      extensions: { counts, schedules: named },
    });
  }

  /**
   * Removes a queue with all that is in it: jobs that wait are cancelled, failed ones removed, workers are asked to stop running
   * ones, schedules end. One call does a bounded part. Resolves to what is left, or to undefined once the queue is removed.
   *
   * @throws {AppError} queue-not-found.
   */
  async force(queue: string): Promise<QueueRemains | undefined> {
    const keys = await this.#core.queues.existing(queue);
    // First, so that no slot fires into the queue.
    await this.#removeSchedules(keys);
    await this.#endJobs(keys);
    if (await this.#removeEmpty(keys)) return undefined;
    return this.#remains(keys);
  }

  /** Lists removed queues that come back. After a while it deletes what processes have left that still knew an old queue. */
  readonly watchRemoved = async (): Promise<number> => {
    const { queues, keySpace } = this.#core;
    await queues.listAgain();
    return queues.relist((queue) => this.#deleteKeys(keySpace.queue(queue)));
  };

  async #deleteKeys(keys: QueueKeys): Promise<Removal> {
    const { redis } = this.#core;
    const [now, subscribed] = await Promise.all([
      timeAt(redis, keys.settings),
      redis.hkeys(keys.subscriptions),
    ]);
    const window = latencyWindow(now);
    const histograms = [window, window - 1, window - 2].map(keys.latency);
    return removeQueue(redis, keys, histograms, subscribed);
  }

  /** False when the queue is not empty. */
  async #removeEmpty(keys: QueueKeys): Promise<boolean> {
    const { queues, observe } = this.#core;
    await queues.beforeRemoval(keys.queue);
    for (let i = 0; i < MAX_TRIES; i += 1) {
      const removal = await this.#deleteKeys(keys);
      if (removal === 'removed') {
        await queues.unlist(keys.queue);
        observe({ kind: 'queue-removed', queue: keys.queue });
        return true;
      }
      if (removal === 'not-empty') return false;
      if (removal === 'too-soon') await sleep(RETRY_MS);
    }
    return false;
  }

  async #removeSchedules(keys: QueueKeys): Promise<void> {
    for (const id of await this.#schedulesOf(keys, MOST_SCHEDULES)) {
      try {
        await this.#schedules.removeFromQueue(id, keys.queue);
      } catch (error) {
        // Another request is changing it, or has removed it: the next call sees what is left.
        if (!(error instanceof AppError)) throw error;
      }
    }
  }

  async #endJobs(keys: QueueKeys): Promise<void> {
    let left = MOST_JOBS;
    for (const status of ['queued', 'scheduled', 'retrying', 'failed'] as const) {
      if (left > 0) left -= (await cancelJobs(this.#core, keys, { status, limit: left })).count;
    }
    if (left <= 0) return;
    const reader = new StepReader(left, (refs) => cancelAll(this.#core, keys, refs));
    await walkJobs(this.#core.redis, keys, { status: 'running', now: 0 }, reader);
  }

  async #remains(keys: QueueKeys): Promise<QueueRemains> {
    const { redis } = this.#core;
    const [{ name, counts }, schedules] = await Promise.all([
      queueSummary(redis, keys),
      redis.hlen(keys.scheduleStates),
    ]);
    return { name, counts, schedules };
  }

  async #schedulesOf({ scheduleStates }: QueueKeys, most: number): Promise<string[]> {
    const ids = (await this.#core.redis.hrandfield(scheduleStates, most)) as string[];
    return ids.sort();
  }
}

function notEmptyText(
  queue: string,
  { counts, schedules }: Omit<QueueRemains, 'name'>,
  named: readonly string[],
): string {
  const jobs = Object.entries(counts).flatMap(([status, count]) => (count > 0 ? [`${count} ${status}`] : []));
  const more = schedules > named.length ? ', ...' : '';
  const what = [
    ...(jobs.length > 0 ? [`jobs (${jobs.join(', ')})`] : []),
    ...(schedules > 0 ? [`schedules (${named.join(', ')}${more})`] : []),
  ];
  if (what.length === 0) return `The queue "${queue}" had a job a moment ago. Send the request again.`;
  return `The queue "${queue}" has ${what.join(' and ')}. Wait for them, remove them, or add force=true and repeat the request until it answers 204.`;
}
