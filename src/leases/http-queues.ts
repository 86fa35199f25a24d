import type { Core } from '../core/core.ts';
import { withExistingKeys } from '../core/scripts/existing-keys.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { readHttpQueues } from './scripts/http-queues.ts';

const REFRESH_EVERY_MS = 1_000;
/** Most queues that one process maintains. */
const MAX_QUEUES = 10_000;

/** The queues with work over HTTP, now or lately, in any API process. The API maintains them. */
export class HttpQueues {
  readonly #core: Core;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #queues: ReadonlyMap<string, QueueKeys> = new Map();
  #busy: readonly QueueKeys[] = [];

  constructor(core: Core) {
    this.#core = core;
  }

  /** All of them, by the last refresh. */
  readonly list = (): Iterable<QueueKeys> => this.#queues.values();

  /** Those with leases that may end, or jobs that may expire, by the last refresh. */
  readonly busy = (): Iterable<QueueKeys> => this.#busy;

  /** Reads the queues, at most once a second. */
  async refresh(): Promise<void> {
    const { redis, keySpace, clock } = this.#core;
    const now = clock.monotonic();
    if (now - this.#refreshedAt < REFRESH_EVERY_MS) return;
    const names = await readHttpQueues(redis, keySpace.httpQueues, clock.wall(), MAX_QUEUES);
    this.#refreshedAt = now;
    this.#queues = new Map(names.map((name) => [name, this.#queues.get(name) ?? keySpace.queue(name)]));
    const all = [...this.#queues.values()];
    // A primary of a Cluster that is away must not hold up what is done for the queues of the others.
    this.#busy = await withExistingKeys(redis, all, ({ leases, expiring }) => [leases, expiring], 'found');
  }
}
