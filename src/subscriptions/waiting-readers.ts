import type { Clock } from '../clock.ts';
import type { Requester } from '../core/requester.ts';
import { AppError } from '../errors.ts';
import type { EventNotifier } from '../events/notifier.ts';
import { WakeableSleep } from '../events/wakeable-sleep.ts';
import type { QueueKeys } from '../redis/keys.ts';

/** The first reader reads again after this time, even when no event arrives. */
const READ_AGAIN_MS = 5_000;
/** Pause before events that are due again are read, since another process may be quicker. */
const MIN_PAUSE_MS = 20;

/** The result of a read. */
interface Page {
  /** When a read may find something without a new event, in ms; undefined when it cannot. */
  dueInMs: number | undefined;
}

/**
 * Readers that wait for events of a subscription. They form a queue, and only the first one reads: many readers cost Redis
 * as much as one.
 */
export class WaitingReaders {
  readonly #notifier: Pick<EventNotifier, 'watch'>;
  readonly #maxWaiters: number;
  readonly #clock: Clock;
  /** The queue of readers of each subscription, by its key. */
  readonly #readers = new Map<string, WakeableSleep[]>();
  #waiting = 0;
  #isStopped = false;

  constructor(notifier: Pick<EventNotifier, 'watch'>, maxWaiters: number, clock: Clock) {
    this.#notifier = notifier;
    this.#maxWaiters = maxWaiters;
    this.#clock = clock;
  }

  /**
   * Reads until a page has something or the time is over; returns the last page. Undefined once the requester has
   * disconnected or the service stops.
   *
   * @throws {AppError} too-many-waiters.
   */
  async wait<T extends Page>(
    keys: QueueKeys,
    name: string,
    waitMs: number,
    requester: Requester,
    readPage: () => Promise<T>,
    hasNothing: (page: T) => boolean,
  ): Promise<T | undefined> {
    if (this.#waiting >= this.#maxWaiters) {
      throw new AppError(
        'too-many-waiters',
        `${this.#maxWaiters} reads are waiting already. Read without waitMs, or try again after Retry-After seconds.`,
      );
    }
    const deadline = this.#clock.monotonic() + waitMs;
    const left = () => deadline - this.#clock.monotonic();
    const key = keys.subscription(name);
    const readers = this.#readers.get(key) ?? [];
    this.#readers.set(key, readers);
    const reader = new WakeableSleep();
    if (this.#isStopped) reader.end();
    requester.onDisconnect(reader.end);
    readers.push(reader);
    this.#waiting += 1;
    try {
      while (readers[0] !== reader && left() > 0 && !reader.ended) {
        reader.rearm();
        await reader.sleep(left());
      }
      return await this.#readUntil(left, keys, reader, readPage, hasNothing);
    } finally {
      this.#waiting -= 1;
      readers.splice(readers.indexOf(reader), 1);
      readers[0]?.wake();
      if (readers.length === 0) this.#readers.delete(key);
    }
  }

  async #readUntil<T extends Page>(
    left: () => number,
    keys: QueueKeys,
    reader: WakeableSleep,
    readPage: () => Promise<T>,
    hasNothing: (page: T) => boolean,
  ): Promise<T | undefined> {
    const unwatch = await this.#notifier.watch(keys, reader.wake);
    try {
      for (;;) {
        reader.rearm();
        // The events of a page read for a disconnected client would not arrive.
        if (reader.ended) return undefined;
        const page = await readPage();
        if (!hasNothing(page) || left() <= 0) return page;
        const pauseMs = Math.max(MIN_PAUSE_MS, page.dueInMs ?? READ_AGAIN_MS);
        await reader.sleep(Math.min(left(), pauseMs, READ_AGAIN_MS));
      }
    } finally {
      unwatch();
    }
  }

  /** Ends all waits, present and future. */
  stop(): void {
    this.#isStopped = true;
    for (const readers of this.#readers.values()) for (const reader of readers) reader.end();
  }
}
