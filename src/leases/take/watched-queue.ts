import type { Clock } from '../../clock.ts';
import { WAKE_HORIZON_MS } from '../../lifecycle/wake.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { TakenJobs } from './taken-jobs.ts';
import type { WaitingPoll } from './waiting-poll.ts';
import type { WorkWatch } from './work-watch.ts';

/** A delayed job that is due later than `WAKE_HORIZON_MS` adds no entry when its time comes, so check again by then. */
const RECHECK_MS = WAKE_HORIZON_MS - 1_000;
/** How long a queue stays watched after its last poll has ended: a worker is likely to poll again. */
const LINGER_MS = 30_000;

/** What a watched queue needs of the polls of all queues. */
export interface WatchedQueueOwner {
  /** Whether the queue may stay watched though no poll waits for it. */
  mayLinger(): boolean;
  /** The queue had nothing for this poll. Other queues have skipped the poll while this one took for it. */
  onPollFree(poll: WaitingPoll): void;
  onClosed(): void;
}

/**
 * A queue for which polls wait.
 *
 * States: serving (takes for its polls, first come first served, until the queue is empty) -> empty (watched; only
 * delayed jobs are checked) -> serving (a new entry, or a delayed job is due). It lingers without polls, then closes.
 */
export class WatchedQueue {
  readonly keys: QueueKeys;
  readonly #clock: Clock;
  readonly #watch: WorkWatch;
  readonly #owner: WatchedQueueOwner;
  /** In the order of their arrival. */
  readonly #polls = new Set<WaitingPoll>();
  #isServing = false;
  #isClosed = false;
  /** A new entry came while the queue served its polls. */
  #mustServeAgain = false;
  /** A poll was skipped because another queue took for it. */
  #hasSkipped = false;
  /** The queue holds jobs that some workers can run. */
  #hasHolds = false;
  /** No job of the queue may start now. */
  #isAtLimit = false;
  /** The tasks of the polls for which the last serving found nothing. */
  #served: ReadonlySet<string> = new Set();
  /** No delayed job can be due before this time, monotonic ms. */
  #emptyUntil = 0;
  /** When the next delayed job is due or the pause ends, by the last take, monotonic ms. */
  #nextAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(keys: QueueKeys, clock: Clock, watch: WorkWatch, owner: WatchedQueueOwner) {
    this.keys = keys;
    this.#clock = clock;
    this.#watch = watch;
    this.#owner = owner;
  }

  /** Whether a take for a worker with these tasks would certainly bring nothing. */
  isEmptyFor(tasks: string): boolean {
    const isKnown = !this.#hasHolds || this.#served.has(tasks);
    return isKnown && !this.#isServing && this.#watch.isWatched(this.keys) && this.#isQuiet;
  }

  get #isQuiet(): boolean {
    return this.#clock.monotonic() < this.#emptyUntil;
  }

  add(poll: WaitingPoll): void {
    this.#polls.add(poll);
    if (!this.isEmptyFor(poll.tasks)) void this.serve();
    // A lingering queue has no timer for its delayed jobs.
    else if (this.#polls.size === 1) {
      this.#schedule(this.#emptyUntil - this.#clock.monotonic(), () => void this.#serveIfDelayed());
    }
  }

  remove(poll: WaitingPoll): void {
    this.#polls.delete(poll);
    if (this.#polls.size === 0 && !this.#isServing) this.#linger();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#watch.unwatch(this.keys);
    this.#owner.onClosed();
  }

  /** Serves again if the queue has skipped a poll: that poll may be free now. */
  serveSkipped(): void {
    if (this.#hasSkipped) void this.serve();
  }

  /** Takes for the polls until the queue is empty, then watches it. Never rejects. */
  async serve(): Promise<void> {
    this.#mustServeAgain = true;
    if (this.#isServing) return;
    this.#isServing = true;
    clearTimeout(this.#timer);
    while (this.#mustServeAgain && this.#polls.size > 0) {
      this.#mustServeAgain = false;
      const nextInMs = await this.#takeAndWatch();
      this.#nextAt = this.#clock.monotonic() + nextInMs;
    }
    this.#isServing = false;
    if (this.#polls.size === 0) this.#linger();
    else this.#serveLater();
  }

  #linger(): void {
    if (this.#isClosed) return;
    if (this.#owner.mayLinger()) this.#schedule(LINGER_MS, () => this.close());
    else this.close();
  }

  #serveLater(): void {
    const now = this.#clock.monotonic();
    const ms = Math.max(0, this.#nextAt - now);
    const isDueThen = ms < RECHECK_MS;
    // Checks without a due time fall on common ticks, so that one command checks all queues.
    const waitMs = isDueThen ? ms : RECHECK_MS - (now % RECHECK_MS);
    this.#emptyUntil = now + waitMs;
    this.#schedule(waitMs, () => void (isDueThen ? this.serve() : this.#serveIfDelayed()));
  }

  #schedule(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  /** The watch reports new entries, so only delayed jobs are a reason to take. */
  async #serveIfDelayed(): Promise<void> {
    const mayBeDue = await this.#watch.hasDelayedJobs(this.keys).catch(() => true);
    if (this.#isServing || this.#polls.size === 0) return;
    const isDue = mayBeDue || this.#clock.monotonic() >= this.#nextAt;
    if (isDue || !this.#watch.isWatched(this.keys)) await this.serve();
    else this.#serveLater();
  }

  /** Resolves to the time until the next job is due, ms. */
  async #takeAndWatch(): Promise<number> {
    try {
      const dueInMs = await this.#takeForPolls();
      if (this.#polls.size === 0 || this.#watch.isWatched(this.keys)) return dueInMs;
      return await this.#watchFrom(dueInMs);
    } catch (error) {
      for (const poll of this.#polls) poll.fail(error);
      return RECHECK_MS;
    }
  }

  async #watchFrom(dueInMs: number): Promise<number> {
    let nextDueInMs = dueInMs;
    for (let isWatched = false; !isWatched && this.#polls.size > 0; ) {
      const isAtLimit = this.#isAtLimit;
      const positions = await this.#watch.positions(this.keys, isAtLimit);
      // The watch does not report entries from before the positions were read: take them now.
      nextDueInMs = await this.#takeForPolls();
      isWatched = this.#polls.size === 0 || isAtLimit === this.#isAtLimit;
      if (isWatched && this.#polls.size > 0) this.#watch.watch(this.keys, positions);
    }
    return nextDueInMs;
  }

  async #takeForPolls(): Promise<number> {
    this.#hasSkipped = false;
    const served = new Set<string>();
    this.#served = served;
    let nextDueInMs = Number.POSITIVE_INFINITY;
    for (let poll = this.#nextPoll(served); poll !== undefined; poll = this.#nextPoll(served)) {
      const taken = await this.#takeFor(poll);
      if (taken === undefined || taken.jobs.length > 0 || taken.mayHaveMore) continue;
      nextDueInMs = taken.nextDueInMs;
      served.add(poll.tasks);
      this.#hasHolds = taken.hasHolds;
      this.#isAtLimit = taken.isAtLimit;
      // What is held may be for workers with other tasks; else there is nothing for anybody.
      if (!taken.hasHolds || taken.isAtLimit) break;
    }
    return nextDueInMs;
  }

  /** The first poll for which no other queue takes now, and with other tasks than those for which there is nothing. */
  #nextPoll(served: ReadonlySet<string>): WaitingPoll | undefined {
    for (const poll of this.#polls) {
      if (served.has(poll.tasks)) continue;
      if (!poll.isTaking) return poll;
      this.#hasSkipped = true;
    }
    return undefined;
  }

  /** Takes once for a poll. If the poll ends first, releases what was taken and resolves to undefined. */
  async #takeFor(poll: WaitingPoll): Promise<TakenJobs | undefined> {
    poll.isTaking = true;
    try {
      const taken = await poll.takeNow([this.keys.queue]);
      if (!poll.hasEnded) {
        if (taken.jobs.length > 0) poll.end(taken);
        return taken;
      }
      await taken.release();
      return undefined;
    } catch (error) {
      poll.fail(error);
      throw error;
    } finally {
      poll.isTaking = false;
      if (!poll.hasEnded) this.#owner.onPollFree(poll);
    }
  }
}
