import { AppError } from '../errors.ts';
import type { WorkWatch } from '../events/work-watch.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { WAKE_HORIZON_MS } from '../redis/scripts/script.ts';
import type { Taking } from './taking.ts';
import type { Asker } from './wait.ts';

/** Takes what there is in these queues. */
export type Take = (queues: readonly string[]) => Promise<Taking>;

/** One that waits for jobs. */
interface Waiting {
  readonly queues: readonly string[];
  readonly take: Take;
  /** A take for it is under way. */
  isBusy: boolean;
  /** Nobody is there any more, or it has its answer. */
  isOver: boolean;
  readonly end: (outcome: { taking?: Taking; error?: unknown }) => void;
}

interface Watched {
  readonly keys: QueueKeys;
  /** In the order in which they came. */
  readonly waiting: Set<Waiting>;
  /** A look is under way; `again`: there was news meanwhile. */
  isLooking: boolean;
  again: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** However quiet it is, a queue that somebody waits for is looked at this often: of what falls due later there is no news. */
const LOOK_AGAIN_MS = WAKE_HORIZON_MS - 1_000;

/**
 * Polls that wait for jobs, whatever their number at the cost of one: while a queue is known to be empty, and
 * watched, nothing is asked of Redis. The first that came is served first.
 */
export class Polls {
  readonly #keySpace: KeySpace;
  readonly #maxWaiting: number;
  readonly #watched = new Map<string, Watched>();
  readonly #all = new Set<Waiting>();
  readonly #watch: WorkWatch;
  #isStopped = false;

  /** @param maxWaiting most that may wait at a time. */
  constructor(keySpace: KeySpace, watch: WorkWatch, maxWaiting: number) {
    this.#keySpace = keySpace;
    this.#watch = watch;
    this.#maxWaiting = maxWaiting;
    watch.onNews(({ queue }) => {
      const watched = this.#watched.get(queue);
      if (watched !== undefined) void this.#look(watched);
    });
  }

  /**
   * Takes what there is, or waits for it; undefined when nothing came in time, or the asker has gone, or the
   * service stops. What was taken for one that has gone is handed back.
   *
   * @throws {AppError} too-many-waiters; and what `take` throws.
   */
  async take(
    queues: readonly string[],
    waitMs: number,
    asker: Asker,
    take: Take,
  ): Promise<Taking | undefined> {
    let isGone = false;
    let onGone = () => {
      isGone = true;
    };
    asker.onGone(() => onGone());
    const mayHaveJobs = waitMs === 0 ? queues : queues.filter((queue) => !this.#isDry(queue));
    if (mayHaveJobs.length > 0) {
      const taking = await take(mayHaveJobs);
      if (isGone) return void (await taking.handBack());
      if (taking.jobs.length > 0) return taking;
    }
    if (waitMs === 0 || this.#isStopped) return undefined;
    if (this.#all.size >= this.#maxWaiting) throw tooMany(this.#maxWaiting);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => waiting.end({}), waitMs);
      const waiting: Waiting = {
        queues,
        take,
        isBusy: false,
        isOver: false,
        end: ({ taking, error }) => {
          if (waiting.isOver) return;
          waiting.isOver = true;
          clearTimeout(timer);
          this.#remove(waiting);
          if (error === undefined) resolve(taking);
          else reject(error);
        },
      };
      onGone = () => waiting.end({});
      if (isGone) waiting.end({});
      else this.#add(waiting);
    });
  }

  /** Answers all who wait with nothing, now and from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const waiting of this.#all) waiting.end({});
  }

  /** Known to be empty, and watched. */
  #isDry(queue: string): boolean {
    const watched = this.#watched.get(queue);
    return watched !== undefined && !watched.isLooking && this.#watch.isWatched(watched.keys);
  }

  #add(waiting: Waiting): void {
    this.#all.add(waiting);
    for (const queue of waiting.queues) {
      const watched = this.#watched.get(queue) ?? this.#open(queue);
      watched.waiting.add(waiting);
      if (!this.#isDry(queue)) void this.#look(watched);
    }
  }

  #open(queue: string): Watched {
    const keys = this.#keySpace.queue(queue);
    const watched: Watched = { keys, waiting: new Set(), isLooking: false, again: false, timer: undefined };
    this.#watched.set(queue, watched);
    return watched;
  }

  #remove(waiting: Waiting): void {
    this.#all.delete(waiting);
    for (const queue of waiting.queues) {
      const watched = this.#watched.get(queue);
      watched?.waiting.delete(waiting);
      if (watched?.waiting.size === 0 && !watched.isLooking) this.#close(watched);
    }
  }

  #close(watched: Watched): void {
    clearTimeout(watched.timer);
    this.#watch.unwatch(watched.keys);
    this.#watched.delete(watched.keys.queue);
  }

  /** Serves those who wait until there is nothing more, then watches. Never rejects. */
  async #look(watched: Watched): Promise<void> {
    watched.again = true;
    if (watched.isLooking) return;
    watched.isLooking = true;
    clearTimeout(watched.timer);
    while (watched.again && watched.waiting.size > 0) {
      watched.again = false;
      await this.#serveAll(watched);
    }
    watched.isLooking = false;
    if (watched.waiting.size === 0) this.#close(watched);
  }

  async #serveAll(watched: Watched): Promise<void> {
    let dueInMs = Number.POSITIVE_INFINITY;
    const serve = async () => {
      for (let waiting = next(watched); waiting !== undefined; waiting = next(watched)) {
        const taking = await this.#serve(watched, waiting);
        if (taking === undefined) continue;
        dueInMs = taking.nextDueInMs;
        if (taking.jobs.length === 0) return;
      }
    };
    try {
      await serve();
      if (watched.waiting.size === 0) return;
      if (!this.#watch.isWatched(watched.keys)) {
        const positions = await this.#watch.positions(watched.keys);
        // What came before the positions were read is no news.
        await serve();
        if (watched.waiting.size === 0) return;
        this.#watch.watch(watched.keys, positions);
      }
    } catch (error) {
      for (const waiting of watched.waiting) waiting.end({ error });
    }
    watched.timer = setTimeout(() => void this.#look(watched), Math.min(LOOK_AGAIN_MS, dueInMs));
  }

  /** One take for one that waits; undefined when it has gone meanwhile, and what was taken is handed back. */
  async #serve({ keys }: Watched, waiting: Waiting): Promise<Taking | undefined> {
    waiting.isBusy = true;
    try {
      const taking = await waiting.take([keys.queue]);
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
      this.#lookElsewhere(keys.queue, waiting);
    }
  }

  /** Other queues passed it over while it was busy. */
  #lookElsewhere(queue: string, waiting: Waiting): void {
    if (waiting.isOver) return;
    for (const other of waiting.queues) {
      const watched = other === queue ? undefined : this.#watched.get(other);
      if (watched !== undefined && !this.#isDry(other)) void this.#look(watched);
    }
  }
}

/** The first that no other queue serves just now. */
function next({ waiting }: Watched): Waiting | undefined {
  for (const one of waiting) if (!one.isBusy) return one;
  return undefined;
}

const tooMany = (most: number) =>
  new AppError(
    'too-many-waiters',
    `${most} workers wait already. Try again after Retry-After seconds, or without waitMs.`,
  );
