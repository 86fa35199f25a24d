import type { Clock } from '../clock.ts';
import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { QueueCache } from '../redis/queue-cache.ts';

/** Which queues have `maxJobs`, read from Redis at most two seconds ago. */
export class QueueLimits {
  readonly #limited: QueueCache<boolean>;

  constructor(redis: Connection, clock: Clock) {
    this.#limited = new QueueCache(
      clock,
      async (keys) => (await redis.hexists(keys.settings, 'maxJobs')) === 1,
    );
  }

  /** Whether `maxJobs` is set. A submit must then check the free depth of the queue. */
  isLimited(keys: QueueKeys): boolean | Promise<boolean> {
    return this.#limited.get(keys);
  }

  /** Reads the limit now. */
  refresh(keys: QueueKeys): Promise<boolean> {
    return this.#limited.refresh(keys);
  }
}
