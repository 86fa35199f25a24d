import type { QueueKeys } from '../../redis/keys.ts';
import { WAKE_HORIZON_MS } from '../../redis/script.ts';
import type { TakenJobs } from './taken-jobs.ts';
import type { WorkWatch } from './work-watch.ts';

/** Takes what there is in these queues. */
export type Take = (queues: readonly string[]) => Promise<TakenJobs>;

/** One that waits for jobs. */
export interface Waiting {
  readonly queues: readonly string[];
  readonly take: Take;
  /** A take for it is under way. */
  isBusy: boolean;
  /** Nobody is there any more, or it has its answer. */
  isOver: boolean;
  readonly end: (outcome: { taking?: TakenJobs; error?: unknown }) => void;
}

/** However quiet it is, a queue that somebody waits for is looked at this often: of what falls due later there is no news. */
const LOOK_AGAIN_MS = WAKE_HORIZON_MS - 1_000;
/** A queue that nobody waits for any more is watched for this long, since the next poll is likely, if it may. */
const LINGER_MS = 30_000;

/**
 * A queue that somebody waits for.
 *
 * States: looking (takes for those who wait, the first that came first, until there is nothing more) -> dry (watched,
 * and asked for nothing but what falls due) -> looking (news, or something due); lingering when nobody waits, then over.
 */
export class WatchedQueue {
  readonly keys: QueueKeys;
  readonly #watch: WorkWatch;
  readonly #mayLinger: () => boolean;
  /** After it has waited for one in vain, so that other queues look which passed it over meanwhile. */
  readonly #onFree: (waiting: Waiting) => void;
  readonly #onOver: () => void;
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiting>();
  #isLooking = false;
  #isOver = false;
  /** There was news during a look. */
  #again = false;
  /** One that waited was passed over, since another queue served it. */
  #hasPassedOver = false;
  /** Until when nothing can fall due that is not known, monotonic ms. */
  #freshUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    keys: QueueKeys,
    watch: WorkWatch,
    {
      mayLinger,
      onFree,
      onOver,
    }: { mayLinger: () => boolean; onFree: (waiting: Waiting) => void; onOver: () => void },
  ) {
    this.keys = keys;
    this.#watch = watch;
    this.#mayLinger = mayLinger;
    this.#onFree = onFree;
    this.#onOver = onOver;
  }

  /** Known to be empty, and watched. */
  get isDry(): boolean {
    return !this.#isLooking && this.#watch.isWatched(this.keys) && performance.now() < this.#freshUntil;
  }

  add(waiting: Waiting): void {
    this.#waiting.add(waiting);
    if (!this.isDry) void this.look();
    // It lingered: of what falls due nobody was to be told.
    else if (this.#waiting.size === 1) {
      this.#schedule(this.#freshUntil - performance.now(), () => void this.#lookIfDue());
    }
  }

  remove(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    if (this.#waiting.size === 0 && !this.#isLooking) this.#linger();
  }

  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#watch.unwatch(this.keys);
    this.#onOver();
  }

  /** One that waits is free again, which may have been passed over. */
  freed(): void {
    if (this.#hasPassedOver) void this.look();
  }

  /** Serves those who wait until there is nothing more, then watches. Never rejects. */
  async look(): Promise<void> {
    this.#again = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    clearTimeout(this.#timer);
    let nextInMs = LOOK_AGAIN_MS;
    while (this.#again && this.#waiting.size > 0) {
      this.#again = false;
      nextInMs = Math.min(LOOK_AGAIN_MS, await this.#serveAndWatch());
    }
    this.#isLooking = false;
    if (this.#waiting.size === 0) this.#linger();
    else this.#lookIn(nextInMs);
  }

  #linger(): void {
    if (this.#isOver) return;
    if (this.#mayLinger()) this.#schedule(LINGER_MS, () => this.close());
    else this.close();
  }

  #lookIn(ms: number): void {
    // Where a time is known, the look is due then, whatever there is; else all queues are asked for at once.
    const isDueThen = ms < LOOK_AGAIN_MS;
    const now = performance.now();
    const waitMs = isDueThen ? ms : LOOK_AGAIN_MS - (now % LOOK_AGAIN_MS);
    this.#freshUntil = now + waitMs;
    this.#schedule(waitMs, () => void (isDueThen ? this.look() : this.#lookIfDue()));
  }

  #schedule(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  /** A queue that is watched is only asked for what falls due. */
  async #lookIfDue(): Promise<void> {
    const mayFallDue = await this.#watch.mayFallDue(this.keys).catch(() => true);
    if (this.#isLooking || this.#waiting.size === 0) return;
    if (mayFallDue || !this.#watch.isWatched(this.keys)) await this.look();
    else this.#lookIn(LOOK_AGAIN_MS);
  }

  /** Resolves to the ms until the next job falls due. */
  async #serveAndWatch(): Promise<number> {
    try {
      const dueInMs = await this.#serve();
      if (this.#waiting.size === 0 || this.#watch.isWatched(this.keys)) return dueInMs;
      const positions = await this.#watch.positions(this.keys);
      // What came before the positions were read is no news.
      const laterDueInMs = await this.#serve();
      if (this.#waiting.size > 0) this.#watch.watch(this.keys, positions);
      return laterDueInMs;
    } catch (error) {
      for (const waiting of this.#waiting) waiting.end({ error });
      return LOOK_AGAIN_MS;
    }
  }

  async #serve(): Promise<number> {
    this.#hasPassedOver = false;
    for (let waiting = this.#next(); waiting !== undefined; waiting = this.#next()) {
      const taking = await this.#serveOne(waiting);
      if (taking?.jobs.length === 0 && !taking.mayBeMore) return taking.nextDueInMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** The first that no other queue serves just now. */
  #next(): Waiting | undefined {
    for (const waiting of this.#waiting) {
      if (!waiting.isBusy) return waiting;
      this.#hasPassedOver = true;
    }
    return undefined;
  }

  /** One take for one that waits; undefined when it has gone meanwhile, and what was taken is handed back. */
  async #serveOne(waiting: Waiting): Promise<TakenJobs | undefined> {
    waiting.isBusy = true;
    try {
      const taking = await waiting.take([this.keys.queue]);
      if (!waiting.isOver) {
        if (taking.jobs.length > 0) waiting.end({ taking });
        return taking;
      }
      await taking.handBack();
      return undefined;
    } catch (error) {
      waiting.end({ error });
      throw error;
    } finally {
      waiting.isBusy = false;
      if (!waiting.isOver) this.#onFree(waiting);
    }
  }
}
