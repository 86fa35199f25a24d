import type { Clock } from '../clock.ts';
import type { QueueKeys } from './keys.ts';

/** How long a value is served before the next caller reads it again. */
const MAX_AGE_MS = 2_000;
/** Clients choose queue names, so the cache is bounded. */
const MAX_QUEUES = 1_000;

interface Cached<T> {
  readonly value: T;
  readonly readAt: number;
}

/** One value per queue, read from Redis at most every two seconds. Concurrent callers share one read. */
export class QueueCache<T> {
  readonly #clock: Clock;
  readonly #read: (keys: QueueKeys, previous: T | undefined) => Promise<T>;
  readonly #cached = new Map<string, Cached<T>>();
  readonly #pending = new Map<string, Promise<T>>();

  /** @param read may return `previous` when nothing has changed. */
  constructor(clock: Clock, read: (keys: QueueKeys, previous: T | undefined) => Promise<T>) {
    this.#clock = clock;
    this.#read = read;
  }

  /**
   * The value, at most two seconds old; without a promise when it is cached.
   *
   * @param now the monotonic time, for who has read it.
   */
  get(keys: QueueKeys, now = this.#clock.monotonic()): T | Promise<T> {
    const cached = this.#cached.get(keys.queue);
    if (cached === undefined || now - cached.readAt > MAX_AGE_MS) return this.refresh(keys);
    return cached.value;
  }

  /** Reads the value now. */
  refresh(keys: QueueKeys): Promise<T> {
    const pending = this.#pending.get(keys.queue) ?? this.#readNow(keys);
    this.#pending.set(keys.queue, pending);
    return pending;
  }

  /** The last value read, however old; undefined when there is none. */
  peek(queue: string): T | undefined {
    return this.#cached.get(queue)?.value;
  }

  async #readNow(keys: QueueKeys): Promise<T> {
    try {
      const value = await this.#read(keys, this.peek(keys.queue));
      if (this.#cached.size >= MAX_QUEUES) this.#cached.clear();
      this.#cached.set(keys.queue, { value, readAt: this.#clock.monotonic() });
      return value;
    } finally {
      this.#pending.delete(keys.queue);
    }
  }
}
