import type { Clock } from '../clock.ts';
import type { QueueKeys } from './keys.ts';

/** How long a reading serves before the next caller reads again. */
const FRESH_MS = 2_000;
/** Names come from outside: the cache must not grow without bound. */
const MAX_QUEUES = 1_000;

interface Reading<T> {
  readonly value: T;
  readonly readAt: number;
}

/** One value per queue, read from Redis at most every two seconds. Callers at the same time share one reading. */
export class QueueCache<T> {
  readonly #clock: Clock;
  readonly #read: (keys: QueueKeys, previous: T | undefined) => Promise<T>;
  readonly #readings = new Map<string, Reading<T>>();
  readonly #pending = new Map<string, Promise<T>>();

  /** @param read may return `previous` where nothing has changed. */
  constructor(clock: Clock, read: (keys: QueueKeys, previous: T | undefined) => Promise<T>) {
    this.#clock = clock;
    this.#read = read;
  }

  /** The value, at most two seconds old; at once if it was read before. */
  get(keys: QueueKeys): T | Promise<T> {
    const reading = this.#readings.get(keys.queue);
    if (reading === undefined || this.#clock.monotonic() - reading.readAt > FRESH_MS)
      return this.refresh(keys);
    return reading.value;
  }

  /** Reads the value now. */
  refresh(keys: QueueKeys): Promise<T> {
    const pending = this.#pending.get(keys.queue) ?? this.#readNow(keys);
    this.#pending.set(keys.queue, pending);
    return pending;
  }

  /** The value as it was last read, however old; undefined if it never was. */
  peek(queue: string): T | undefined {
    return this.#readings.get(queue)?.value;
  }

  async #readNow(keys: QueueKeys): Promise<T> {
    try {
      const value = await this.#read(keys, this.peek(keys.queue));
      if (this.#readings.size >= MAX_QUEUES) this.#readings.clear();
      this.#readings.set(keys.queue, { value, readAt: this.#clock.monotonic() });
      return value;
    } finally {
      this.#pending.delete(keys.queue);
    }
  }
}
