import type { Core } from '../../core/core.ts';
import { observeWait } from '../../core/observe-wait.ts';
import type { Requester } from '../../core/requester.ts';
import { AppError } from '../../errors.ts';
import type { TakenJobs } from './taken-jobs.ts';
import { type TakeNow, WaitingPoll } from './waiting-poll.ts';
import { WatchedQueue } from './watched-queue.ts';
import type { WorkWatch } from './work-watch.ts';

/** Above this number, queues without waiting polls are no longer watched. */
const MAX_LINGERING = 256;

/**
 * Polls that wait for jobs. All of them cost Redis as much as one: nothing is taken from a queue that is watched and
 * known to be empty. Polls are served in the order of their arrival.
 */
export class LongPolls {
  readonly #core: Core;
  readonly #watch: WorkWatch;
  readonly #maxWaiting: number;
  readonly #queues = new Map<string, WatchedQueue>();
  /** With the names of their workers. */
  readonly #polls = new Map<WaitingPoll, string>();
  #isStopped = false;

  /** @param maxWaiting most polls that may wait at a time. */
  constructor(core: Core, watch: WorkWatch, maxWaiting: number) {
    this.#core = core;
    this.#watch = watch;
    this.#maxWaiting = maxWaiting;
    watch.onWork(({ queue }) => void this.#queues.get(queue)?.serve());
  }

  /**
   * Takes what there is, or waits for the first jobs. Resolves to undefined when none came in time, the requester
   * disconnects or the service stops. Jobs that were taken for a requester that has gone are released.
   *
   * @param tasks equal for workers with the same tasks: held jobs are for some workers only.
   * @param takeNow takes from the queues that it is given; called once or more.
   * @throws {AppError} too-many-waiters; and what `takeNow` throws.
   */
  async take(
    queues: readonly string[],
    tasks: string,
    waitMs: number,
    requester: Requester,
    takeNow: TakeNow,
    worker = '',
  ): Promise<TakenJobs | undefined> {
    const disconnect = new AbortController();
    requester.onDisconnect(() => disconnect.abort());
    // Polls for one queue share its takes. Of several queues the first with jobs comes first, so ask all of them now.
    const mayHaveJobs = queues.filter((queue) => waitMs === 0 || !this.#queues.get(queue)?.isEmptyFor(tasks));
    if (waitMs === 0 || (queues.length > 1 && mayHaveJobs.length > 0)) {
      const taken = await takeNow(mayHaveJobs);
      if (disconnect.signal.aborted) return void (await taken.release());
      if (taken.jobs.length > 0) return taken;
    }
    if (waitMs === 0 || this.#isStopped || disconnect.signal.aborted) return undefined;
    if (this.#polls.size >= this.#maxWaiting) throw tooManyWaiters(this.#maxWaiting);
    return this.#wait({ queues, tasks, worker }, waitMs, disconnect.signal, takeNow);
  }

  /** Answers all waiting polls, and all later ones, without jobs. */
  stop(): void {
    this.#isStopped = true;
    for (const poll of [...this.#polls.keys()]) poll.end();
    for (const watched of [...this.#queues.values()]) watched.close();
  }

  /** Answers the waiting polls of these workers without jobs. */
  endOf(workers: ReadonlySet<string>): void {
    for (const [poll, worker] of [...this.#polls]) if (workers.has(worker)) poll.end();
  }

  async #wait(
    { queues, tasks, worker }: { queues: readonly string[]; tasks: string; worker: string },
    waitMs: number,
    disconnected: AbortSignal,
    takeNow: TakeNow,
  ): Promise<TakenJobs | undefined> {
    const poll = new WaitingPoll(queues, tasks, takeNow, () => {
      this.#polls.delete(poll);
      for (const queue of queues) this.#queues.get(queue)?.remove(poll);
    });
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      poll.end();
    }, waitMs);
    const observeEnd = observeWait(this.#core, { on: 'work', queues }, waitMs);
    disconnected.addEventListener('abort', () => poll.end(), { once: true });
    this.#polls.set(poll, worker);
    for (const queue of queues) this.#watchedQueue(queue).add(poll);
    try {
      const taken = await poll.taken;
      observeEnd(taken === undefined ? (isTimedOut ? 'timed-out' : 'stopped') : 'enough');
      return taken;
    } catch (error) {
      observeEnd('failed');
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #watchedQueue(queue: string): WatchedQueue {
    const existing = this.#queues.get(queue);
    if (existing !== undefined) return existing;
    const { keySpace, clock } = this.#core;
    const watched = new WatchedQueue(keySpace.queue(queue), clock, this.#watch, {
      mayLinger: () => this.#queues.size <= MAX_LINGERING,
      onPollFree: (poll) => {
        for (const other of poll.queues) if (other !== queue) this.#queues.get(other)?.serveSkipped();
      },
      onClosed: () => this.#queues.delete(queue),
    });
    this.#queues.set(queue, watched);
    return watched;
  }
}

const tooManyWaiters = (most: number) =>
  new AppError(
    'too-many-waiters',
    `${most} workers wait already. Try again after Retry-After seconds, or without waitMs.`,
  );
