import type { Requester } from '../../core/requester.ts';
import { AppError } from '../../errors.ts';
import type { KeySpace } from '../../redis/keyspace.ts';
import type { TakenJobs } from './taken-jobs.ts';
import { type Take, type Waiting, WatchedQueue } from './watched-queue.ts';
import type { WorkWatch } from './work-watch.ts';

/** Of more queues than these none is watched on, once nobody waits for it. */
const MOST_LINGERING = 256;

/**
 * Polls that wait for jobs, whatever their number at the cost of one: while a queue is known to be empty, and
 * watched, nothing is taken from it. The first that came is served first.
 */
export class LongPolls {
  readonly #keySpace: KeySpace;
  readonly #watch: WorkWatch;
  readonly #maxWaiting: number;
  readonly #queues = new Map<string, WatchedQueue>();
  readonly #all = new Set<Waiting>();
  #isStopped = false;

  /** @param maxWaiting most that may wait at a time. */
  constructor(keySpace: KeySpace, watch: WorkWatch, maxWaiting: number) {
    this.#keySpace = keySpace;
    this.#watch = watch;
    this.#maxWaiting = maxWaiting;
    watch.onNews(({ queue }) => void this.#queues.get(queue)?.look());
  }

  /**
   * Takes what there is, or waits for it; undefined when nothing came in time, or the requester has gone, or the
   * service stops. What was taken for one that has gone is handed back.
   *
   * @throws {AppError} too-many-waiters; and what `take` throws.
   */
  async take(
    queues: readonly string[],
    waitMs: number,
    requester: Requester,
    take: Take,
  ): Promise<TakenJobs | undefined> {
    const gone = new AbortController();
    requester.onDisconnect(() => gone.abort());
    // Where one queue is asked for, those who wait together share one look; of several the first has to come first.
    const mayHaveJobs = queues.filter((one) => waitMs === 0 || !this.#queues.get(one)?.isDry);
    if (waitMs === 0 || (queues.length > 1 && mayHaveJobs.length > 0)) {
      const taking = await take(mayHaveJobs);
      if (gone.signal.aborted) return void (await taking.handBack());
      if (taking.jobs.length > 0) return taking;
    }
    if (waitMs === 0 || this.#isStopped || gone.signal.aborted) return undefined;
    if (this.#all.size >= this.#maxWaiting) throw tooMany(this.#maxWaiting);
    return this.#wait(queues, waitMs, gone.signal, take);
  }

  /** Answers all who wait with nothing, now and from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const waiting of [...this.#all]) waiting.end({});
    for (const watched of [...this.#queues.values()]) watched.close();
  }

  #wait(
    queues: readonly string[],
    waitMs: number,
    gone: AbortSignal,
    take: Take,
  ): Promise<TakenJobs | undefined> {
    return new Promise((resolve, reject) => {
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
      const timer = setTimeout(() => waiting.end({}), waitMs);
      gone.addEventListener('abort', () => waiting.end({}), { once: true });
      this.#all.add(waiting);
      for (const queue of queues) this.#watched(queue).add(waiting);
    });
  }

  #watched(queue: string): WatchedQueue {
    const known = this.#queues.get(queue);
    if (known !== undefined) return known;
    const watched = new WatchedQueue(this.#keySpace.queue(queue), this.#watch, {
      mayLinger: () => this.#queues.size <= MOST_LINGERING,
      onFree: (waiting) => this.#lookElsewhere(queue, waiting),
      onOver: () => this.#queues.delete(queue),
    });
    this.#queues.set(queue, watched);
    return watched;
  }

  #remove(waiting: Waiting): void {
    this.#all.delete(waiting);
    for (const queue of waiting.queues) this.#queues.get(queue)?.remove(waiting);
  }

  /** Other queues passed it over while it was busy. */
  #lookElsewhere(queue: string, waiting: Waiting): void {
    for (const other of waiting.queues) if (other !== queue) this.#queues.get(other)?.freed();
  }
}

const tooMany = (most: number) =>
  new AppError(
    'too-many-waiters',
    `${most} workers wait already. Try again after Retry-After seconds, or without waitMs.`,
  );
