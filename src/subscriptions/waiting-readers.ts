import type { Requester } from '../core/requester.ts';
import { AppError } from '../errors.ts';
import type { EventNotifier } from '../events/notifier.ts';
import { WakeableSleep } from '../events/wakeable-sleep.ts';
import type { QueueKeys } from '../redis/keys.ts';

/** However quiet it is, the first in line looks again. */
const READ_AGAIN_MS = 5_000;
/** The least pause before a look at what is due again, since others may have been quicker, ms. */
const MIN_PAUSE_MS = 20;

/** What a look brought, and in how many ms more may come without an event. */
interface Looked {
  dueInMs: number | undefined;
}

/**
 * Readers that wait for the events of a subscription stand in line, so that an event makes one of them look and not
 * all: whatever their number, they cost Redis what one does.
 */
export class WaitingReaders {
  readonly #feed: Pick<EventNotifier, 'watch'>;
  readonly #maxWaiters: number;
  readonly #lines = new Map<string, WakeableSleep[]>();
  #waiting = 0;
  #isStopped = false;

  constructor(feed: Pick<EventNotifier, 'watch'>, maxWaiters: number) {
    this.#feed = feed;
    this.#maxWaiters = maxWaiters;
  }

  /**
   * Looks until that brings something or the time is over, and returns what the last look brought; undefined once the requester
   * is gone or the service stops.
   *
   * @throws {AppError} too-many-waiters.
   */
  async wait<T extends Looked>(
    keys: QueueKeys,
    name: string,
    waitMs: number,
    requester: Requester,
    look: () => Promise<T>,
    isNothing: (looked: T) => boolean,
  ): Promise<T | undefined> {
    if (this.#waiting >= this.#maxWaiters) {
      throw new AppError(
        'too-many-waiters',
        `${this.#maxWaiters} reads wait already. Read without waitMs, or try again after Retry-After seconds.`,
      );
    }
    const place = keys.subscription(name);
    const line = this.#lines.get(place) ?? [];
    this.#lines.set(place, line);
    const sleeper = new WakeableSleep();
    if (this.#isStopped) sleeper.end();
    requester.onDisconnect(sleeper.end);
    line.push(sleeper);
    this.#waiting += 1;
    let unwatch: (() => void) | undefined;
    try {
      const deadline = performance.now() + waitMs;
      const left = () => deadline - performance.now();
      while (line[0] !== sleeper && left() > 0 && !sleeper.ended) {
        sleeper.rearm();
        await sleeper.sleep(left());
      }
      unwatch = await this.#feed.watch(keys, sleeper.wake);
      for (;;) {
        sleeper.rearm();
        // Nothing is handed to somebody who is not there.
        if (sleeper.ended) return undefined;
        const looked = await look();
        if (!isNothing(looked) || left() <= 0) return looked;
        const due = Math.max(MIN_PAUSE_MS, looked.dueInMs ?? READ_AGAIN_MS);
        await sleeper.sleep(Math.min(left(), due, READ_AGAIN_MS));
      }
    } finally {
      unwatch?.();
      this.#waiting -= 1;
      line.splice(line.indexOf(sleeper), 1);
      line[0]?.wake();
      if (line.length === 0) this.#lines.delete(place);
    }
  }

  /** Answers everybody who waits, now and from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const line of this.#lines.values()) for (const sleeper of line) sleeper.end();
  }
}
