import type { Clock } from '../clock.ts';
import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { QueueCache } from '../redis/queue-cache.ts';

/** Which queues have a setting that a submit must heed: `maxJobs`, `perKey.maxJobs` or `submitEvents`. Read from Redis at most two seconds ago. */
export class SubmitSettings {
  readonly #cache: QueueCache<boolean>;

  constructor(redis: Connection, clock: Clock) {
    this.#cache = new QueueCache(clock, async ({ settings }) =>
      (await redis.hmget(settings, 'maxJobs', 'submitEvents', 'keyMaxJobs')).some((value) => value !== null),
    );
  }

  /**
   * Whether the queue has such a setting. Only the submit script heeds it, so jobs of the queue are stored by that.
   *
   * @param now the monotonic time, for who has read it.
   */
  isSet(keys: QueueKeys, now?: number): boolean | Promise<boolean> {
    return this.#cache.get(keys, now);
  }

  /** Reads the settings now. */
  refresh(keys: QueueKeys): Promise<boolean> {
    return this.#cache.refresh(keys);
  }
}
