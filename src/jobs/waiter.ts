import type { Core } from '../core/core.ts';
import { observeWait } from '../core/observe-wait.ts';
import type { Requester } from '../core/requester.ts';
import { AppError } from '../errors.ts';
import type { EventNotifier, FeedPosition } from '../events/notifier.ts';
import { WakeableSleep } from '../events/wakeable-sleep.ts';
import type { WaitOutcome } from '../observer.ts';
import { formatRef } from '../redis/entry.ts';
import type { Job } from '../schemas/job.ts';
import { findJob, locate, showFound } from './find.ts';

/**
 * However quiet the feed is, a waiter looks at its job again: an event is a hint, the place the truth. The pause
 * is drawn from one to two times this, since a thousand waiters that came together and looked together would
 * hold up the answers that fall due just then.
 */
const LOOK_AGAIN_MS = 5_000;
/** The least pause before the first look at a job that is about to lapse; doubled for each further one. */
const LOOK_AT_LAPSE_MS = 50;
const MOST_DOUBLINGS = 7;

/** Waits for jobs to change, all waiters of the process on one reader of events. */
export class Waiter {
  readonly #core: Core;
  readonly #feed: EventNotifier;
  readonly #sleepers = new Set<WakeableSleep>();
  readonly #maxWaiters: number;
  #isStopped = false;

  /** @param maxWaiters most that may wait at a time. */
  constructor(core: Core, feed: EventNotifier, maxWaiters: number) {
    this.#maxWaiters = maxWaiters;
    this.#core = core;
    this.#feed = feed;
  }

  /** To be asked for before a job is submitted that is to be waited for. */
  mark(queue: string): Promise<FeedPosition> {
    return this.#feed.position(this.#core.keySpace.queue(queue));
  }

  /**
   * Reads the job until `isEnough` holds, the time is over, the client is gone or the service stops, and
   * returns it as it is then. Of a job that was submitted since a mark was made nothing needs to be read before it ends.
   *
   * @throws {AppError} job-not-found, job-gone or too-many-waiters.
   */
  async wait(
    id: string,
    isEnough: (job: Job) => boolean,
    waitMs: number,
    requester: Requester,
    fresh?: { job: Job; mark: FeedPosition },
  ): Promise<Job> {
    const { keys, ref } = locate(this.#core, id);
    const deadline = performance.now() + waitMs;
    const sleeper = new WakeableSleep();
    if (this.#isStopped) sleeper.end();
    requester.onDisconnect(sleeper.end);
    this.#sleepers.add(sleeper);
    let unfollow: (() => void) | undefined;
    let observeEnd: ((outcome: WaitOutcome) => void) | undefined;
    try {
      // A job that is not there, or needs no waiting, is answered without following its queue.
      const first = fresh?.job ?? (await findJob(this.#core, id));
      if (isEnough(first) || waitMs <= 0) return first;
      if (this.#sleepers.size > this.#maxWaiters) throw tooMany(this.#maxWaiters);
      observeEnd = observeWait(this.#core, { on: 'job', queues: [keys.queue], job: id }, waitMs);
      const interest = fresh === undefined ? 'all' : 'end';
      unfollow = await this.#feed.follow(keys, formatRef(ref), sleeper.wake, interest);
      const isUnread = fresh !== undefined && !this.#feed.mayHaveFinished(keys, formatRef(ref), fresh.mark);
      let looks = 0;
      for (;;) {
        const end = sleeper.rearm();
        const job = await (end
          ? showFound(this.#core, id, { keys, ref }, { place: 'result', ...end })
          : isUnread && looks === 0
            ? first
            : findJob(this.#core, id));
        const left = deadline - performance.now();
        const isDone = isEnough(job);
        if (isDone || left <= 0 || sleeper.ended) {
          observeEnd(isDone ? 'enough' : sleeper.ended ? 'stopped' : 'timed-out');
          return job;
        }
        const lapseMs = untilLapse(job, looks);
        looks += 1;
        await sleeper.sleep(Math.min(left, LOOK_AGAIN_MS * (1 + Math.random()), lapseMs));
      }
    } catch (error) {
      observeEnd?.('failed');
      throw error;
    } finally {
      this.#sleepers.delete(sleeper);
      unfollow?.();
    }
  }

  /** Answers everybody who waits with the job as it is, now and from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const sleeper of this.#sleepers) sleeper.end();
  }
}

const tooMany = (most: number) =>
  new AppError(
    'too-many-waiters',
    `${most} clients wait already. Poll without wait, or try again after Retry-After seconds.`,
  );

/** A job that lapses while nobody works on it makes no event by itself. */
function untilLapse(job: Job, looks: number): number {
  if (job.expiresAt === undefined) return Number.POSITIVE_INFINITY;
  // The clock of Redis decides; ours may be ahead, and is then early every time, so that each look waits longer.
  return Math.max(
    LOOK_AT_LAPSE_MS * 2 ** Math.min(looks, MOST_DOUBLINGS),
    Date.parse(job.expiresAt) - Date.now(),
  );
}
