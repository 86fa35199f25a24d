import type { Clock } from '../clock.ts';
import type { Core } from '../core/core.ts';
import { observeWait } from '../core/observe-wait.ts';
import type { Requester } from '../core/requester.ts';
import { AppError } from '../errors.ts';
import type { EventNotifier, FeedPosition } from '../events/notifier.ts';
import { WakeableSleep } from '../events/wakeable-sleep.ts';
import type { WaitOutcome } from '../observer.ts';
import { formatRef } from '../redis/job-id.ts';
import type { Job } from '../schemas/job.ts';
import { findJob, locateJob, viewFound } from './find.ts';

/**
 * A waiter reads its job again after this long, even without an event: events are hints, the stored state decides.
 * The pause is one to two times this at random, so that waiters who came together do not all read at once.
 */
const POLL_MS = 5_000;
/** The shortest pause before the first check of a job whose time is about to come. It doubles for each further check. */
const FIRST_TIME_CHECK_MS = 50;
const MAX_DOUBLINGS = 7;

/** A job submitted a moment ago, and the position in the feed of events before it was stored. */
export interface SubmittedJob {
  readonly job: Job;
  readonly position: FeedPosition;
}

/** Waits for jobs to change. All waiters of the process share one reader of events. */
export class Waiter {
  readonly #core: Core;
  readonly #feed: EventNotifier;
  readonly #sleepers = new Set<WakeableSleep>();
  /** Those of the sleepers whose wait counts: the job was not enough at the first look. */
  readonly #waiting = new Set<WakeableSleep>();
  readonly #maxWaiters: number;
  #isStopped = false;

  /** @param maxWaiters most concurrent waits. */
  constructor(core: Core, feed: EventNotifier, maxWaiters: number) {
    this.#maxWaiters = maxWaiters;
    this.#core = core;
    this.#feed = feed;
  }

  /** The present position in the feed of a queue. Ask for it before the submit of a job to wait for. */
  feedPosition(queue: string): Promise<FeedPosition> {
    return this.#feed.position(this.#core.keySpace.queue(queue));
  }

  /**
   * Waits until `isEnough` holds for the job, `waitMs` have passed, the client disconnects or the service stops.
   * Returns the job at that moment. With `submitted` the job is not read again before its end.
   *
   * @throws {AppError} job-not-found, job-gone or too-many-waiters.
   */
  async wait(
    id: string,
    isEnough: (job: Job) => boolean,
    waitMs: number,
    requester: Requester,
    submitted?: SubmittedJob,
  ): Promise<Job> {
    const { clock } = this.#core;
    const located = locateJob(this.#core, id);
    const deadline = clock.monotonic() + waitMs;
    const sleeper = new WakeableSleep();
    if (this.#isStopped) sleeper.end();
    requester.onDisconnect(sleeper.end);
    this.#sleepers.add(sleeper);
    let unfollow: (() => void) | undefined;
    let observeEnd: ((outcome: WaitOutcome) => void) | undefined;
    try {
      // A missing job, or one that is enough already, is answered without following its queue.
      const first = submitted?.job ?? (await findJob(this.#core, located));
      if (isEnough(first) || waitMs <= 0) return first;
      if (this.#waiting.size >= this.#maxWaiters) throw tooManyWaiters(this.#maxWaiters);
      this.#waiting.add(sleeper);
      const { keys, ref } = located;
      const subject = { on: 'job', queues: [keys.queue], job: located.id } as const;
      observeEnd = observeWait(this.#core, subject, waitMs);
      const interest = submitted === undefined ? 'all' : 'end';
      unfollow = await this.#feed.follow(keys, formatRef(ref), sleeper.wake, interest);
      const isCurrent =
        submitted !== undefined && !this.#feed.mayHaveFinished(keys, formatRef(ref), submitted.position);
      for (let reads = 0; ; reads += 1) {
        const end = sleeper.rearm();
        const job = await (end
          ? viewFound(this.#core, located, { place: 'result', ...end })
          : isCurrent && reads === 0
            ? first
            : findJob(this.#core, located));
        const left = deadline - clock.monotonic();
        const isDone = isEnough(job);
        if (isDone || left <= 0 || sleeper.ended) {
          observeEnd(isDone ? 'enough' : sleeper.ended ? 'stopped' : 'timed-out');
          return job;
        }
        const untilTime = untilTimeCheck(job, reads, clock);
        await sleeper.sleep(Math.min(left, POLL_MS * (1 + Math.random()), untilTime));
      }
    } catch (error) {
      observeEnd?.('failed');
      throw error;
    } finally {
      this.#sleepers.delete(sleeper);
      this.#waiting.delete(sleeper);
      unfollow?.();
    }
  }

  /** Answers every wait with the present state of its job, now and from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const sleeper of this.#sleepers) sleeper.end();
  }
}

const tooManyWaiters = (most: number) =>
  new AppError(
    'too-many-waiters',
    `The service already has its maximum of ${most} waiting clients. Poll without wait, or try again after Retry-After seconds.`,
  );

/** Ms until the job may have expired, or waits for a worker instead of its time. Neither makes an event by itself. */
function untilTimeCheck({ status, runAt, expiresAt }: Job, reads: number, clock: Clock): number {
  const isEarly = status === 'scheduled' || status === 'retrying';
  const times = [expiresAt, isEarly ? runAt : undefined].flatMap((time) => time ?? []);
  if (times.length === 0) return Number.POSITIVE_INFINITY;
  // The clock of Redis decides. Ours may be ahead and wake every check too early, so the pause grows.
  return Math.max(
    FIRST_TIME_CHECK_MS * 2 ** Math.min(reads, MAX_DOUBLINGS),
    Math.min(...times.map((time) => Date.parse(time))) - clock.wall(),
  );
}
