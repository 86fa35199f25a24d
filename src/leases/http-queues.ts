import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { withExistingKeys } from './scripts/existing-keys.ts';
import { readHttpQueues } from './scripts/http-queues.ts';

const REFRESH_EVERY_MS = 1_000;
/** Queues that one process looks after. */
const MOST_QUEUES = 10_000;

/** The queues that are, or were lately, worked on over HTTP by whatever process of the API. */
export class HttpQueues {
  readonly #redis: Connection;
  readonly #keySpace: KeySpace;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #queues: ReadonlyMap<string, QueueKeys> = new Map();
  #busy: readonly QueueKeys[] = [];

  constructor(redis: Connection, keySpace: KeySpace) {
    this.#redis = redis;
    this.#keySpace = keySpace;
  }

  /** As they were last read. */
  readonly list = (): Iterable<QueueKeys> => this.#queues.values();

  /** Those of them in which leases may end, or jobs lapse. */
  readonly busy = (): Iterable<QueueKeys> => this.#busy;

  /** Reads them, at most once a second. */
  async refresh(): Promise<void> {
    const now = performance.now();
    if (now - this.#refreshedAt < REFRESH_EVERY_MS) return;
    const names = await readHttpQueues(this.#redis, this.#keySpace.httpQueues, Date.now(), MOST_QUEUES);
    this.#refreshedAt = now;
    this.#queues = new Map(names.map((name) => [name, this.#queues.get(name) ?? this.#keySpace.queue(name)]));
    const all = [...this.#queues.values()];
    this.#busy = await withExistingKeys(this.#redis, all, ({ leases, expiring }) => [leases, expiring]);
  }
}
