import type { Connection } from '../redis/connect.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { KeySpace } from '../redis/keyspace.ts';

/** A queue that was worked on over HTTP is looked after for this long; longer than any lease lasts unrenewed. */
const LOOK_AFTER_MS = 3_600_000;
const REFRESH_EVERY_MS = 1_000;
/** Queues that one process looks after. */
const MOST_QUEUES = 10_000;

/** The queues that are, or were lately, worked on over HTTP by whatever process of the API. */
export class ServedQueues {
  readonly #redis: Connection;
  readonly #keySpace: KeySpace;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #queues: readonly QueueKeys[] = [];

  constructor(redis: Connection, keySpace: KeySpace) {
    this.#redis = redis;
    this.#keySpace = keySpace;
  }

  /** As they were last read. */
  readonly list = (): readonly QueueKeys[] => this.#queues;

  /** Reads them, at most once a second. */
  async refresh(): Promise<void> {
    const now = performance.now();
    if (now - this.#refreshedAt < REFRESH_EVERY_MS) return;
    const since = Date.now() - LOOK_AFTER_MS;
    const names = await this.#redis.zrange(
      this.#keySpace.served,
      since,
      '+inf',
      'BYSCORE',
      'LIMIT',
      0,
      MOST_QUEUES,
    );
    this.#refreshedAt = now;
    this.#queues = names.map((name) => this.#keySpace.queue(name));
  }
}
