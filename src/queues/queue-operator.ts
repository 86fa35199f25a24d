import type { Core } from '../core/core.ts';
import { recheckKeys } from '../lifecycle/scripts/keys/sweep-keys.ts';
import type { BulkStep, DeadSelection, JobSelection } from '../schemas/bulk.ts';
import type { QueueSettings, QueueSummary } from '../schemas/queue.ts';
import type { PauseQueue } from '../schemas/queues/pause.ts';
import { cancelJobs } from './cancel-jobs.ts';
import { purgeDeadLetters, retryDeadLetters } from './dead-letters.ts';
import { readPauseEnd, wrongEnd } from './pause-end.ts';
import { checkSettings, configure } from './scripts/configure.ts';
import { setPaused } from './scripts/pause.ts';
import { queueSummary } from './stats.ts';

/** Changes queues: pauses them, changes their settings, retries or deletes dead letters. */
export class QueueOperator {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Workers take no jobs of a paused queue; running jobs continue. Also registers the queue.
   *
   * @throws {AppError} invalid-request for an end that has passed.
   */
  async setPaused(queue: string, paused: boolean, end: PauseQueue = {}): Promise<QueueSummary> {
    const { redis, keySpace, queues, clock } = this.#core;
    const keys = keySpace.queue(queue);
    const pauseEnd = readPauseEnd(end, clock.wall());
    // First: who follows all queues reads no event of a queue from before its name was listed.
    await queues.register([queue]);
    if (!(await setPaused(redis, keys, paused, pauseEnd))) throw wrongEnd();
    return queueSummary(redis, keys);
  }

  /** Changes the given settings of a queue. Also registers the queue. @throws {AppError} invalid-request for a rate out of bounds. */
  async configure(queue: string, settings: QueueSettings): Promise<QueueSummary> {
    const { redis, keySpace, queues, submitSettings } = this.#core;
    const keys = keySpace.queue(queue);
    checkSettings(settings);
    await queues.register([queue]);
    await configure(redis, keys, settings);
    if (settings.perKey !== undefined || settings.fair !== undefined) await recheckKeys(redis, keys);
    await submitSettings.refresh(keys);
    return queueSummary(redis, keys);
  }

  /** One bounded step that retries selected dead letters. @throws {AppError} queue-not-found, invalid-request. */
  async retryDead(queue: string, selection: DeadSelection): Promise<BulkStep> {
    return retryDeadLetters(this.#core, await this.#core.queues.existing(queue), selection);
  }

  /** One bounded step that deletes selected dead letters. @throws {AppError} queue-not-found, invalid-request. */
  async purgeDead(queue: string, selection: DeadSelection): Promise<BulkStep> {
    return purgeDeadLetters(this.#core, await this.#core.queues.existing(queue), selection);
  }

  /** One bounded step that cancels waiting jobs, or removes failed ones. @throws {AppError} queue-not-found, invalid-request. */
  async cancelJobs(queue: string, selection: JobSelection): Promise<BulkStep> {
    return cancelJobs(this.#core, await this.#core.queues.existing(queue), selection);
  }
}
