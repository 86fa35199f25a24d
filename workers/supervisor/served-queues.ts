import type { Core } from '../../src/core/core.ts';
import type { Connection } from '../../src/redis/connection.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { isPattern, MAX_SERVED, servedQueues } from '../../src/schemas/values/queue-patterns.ts';

/** How soon a worker that serves patterns sees a new queue. */
const LOOK_EVERY_MS = 2_000;
/** Between two looks that only count the queues, all names are read at least this often: one may have replaced another. */
const LOOKS_PER_READ = 5;

export interface ServedQueuesHandlers {
  /** Leases, groups and announced tasks are made here. If it rejects, the queues join with the next look. */
  readonly onJoin: (queues: readonly QueueKeys[]) => Promise<void>;
  /** The queues have been read again. `hasChanged`: some have joined, or left. */
  readonly onRead: (queues: readonly string[], hasChanged: boolean) => void;
  /** The queue was removed. */
  readonly onLeave: (queue: QueueKeys) => void;
}

/**
 * The queues of a worker: those that QUEUES names, and all existing ones that fit its patterns, which come and go. A worker
 * without patterns asks Redis nothing.
 */
export class ServedQueues {
  /** Changes in place: a loop with an `await` in it takes a copy. */
  readonly list: readonly QueueKeys[];
  readonly hasPatterns: boolean;
  readonly #core: Core;
  readonly #wanted: readonly string[];
  readonly #handlers: ServedQueuesHandlers;
  readonly #current: QueueKeys[];
  #reading: Promise<void> | undefined;
  #count = -1;
  #looks = 0;
  #leftOut = 0;

  constructor(core: Core, wanted: readonly string[], handlers: ServedQueuesHandlers) {
    this.#core = core;
    this.#wanted = wanted;
    this.#handlers = handlers;
    this.hasPatterns = wanted.some(isPattern);
    this.#current = wanted.filter((text) => !isPattern(text)).map((name) => core.keySpace.queue(name));
    this.list = this.#current;
  }

  get names(): string[] {
    return this.#current.map(({ queue }) => queue);
  }

  /** Whether QUEUES names the queue: it is then served, and registered, whether it exists or not. */
  isNamed({ queue }: QueueKeys): boolean {
    return this.#wanted.includes(queue);
  }

  /** One look; resolves to the time until the next one, ms. */
  readonly run = async (): Promise<number> => {
    const count = await this.#core.queues.count();
    if (count !== this.#count || this.#looks >= LOOKS_PER_READ) await this.refresh();
    this.#looks += 1;
    this.#count = count;
    return LOOK_EVERY_MS;
  };

  /** Reads the names of all queues. Call it before you write to queues that may have been deleted. */
  refresh(): Promise<void> {
    if (!this.hasPatterns) return Promise.resolve();
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { keySpace, queues: registry, observe } = this.#core;
    this.#looks = 0;
    const known = new Map(this.#current.map((keys) => [keys.queue, keys]));
    const { queues, leftOut } = servedQueues(this.#wanted, await registry.names(), new Set(known.keys()));
    const next = queues.map((name) => known.get(name) ?? keySpace.queue(name));
    const joined = next.filter(({ queue }) => !known.has(queue));
    const left = this.#current.filter((keys) => !next.includes(keys));
    if (joined.length > 0) await this.#handlers.onJoin(joined);
    this.#current.splice(0, this.#current.length, ...next);
    const hasChanged = joined.length + left.length > 0;
    if (hasChanged) {
      observe({ kind: 'queues-changed', joined: namesOf(joined), left: namesOf(left) });
    }
    if (leftOut > 0 && leftOut !== this.#leftOut) {
      observe({ kind: 'too-many-queues', served: queues.length, leftOut, most: MAX_SERVED });
    }
    this.#leftOut = leftOut;
    this.#handlers.onRead(queues, hasChanged);
    for (const keys of left) this.#handlers.onLeave(keys);
  }
}

const namesOf = (queues: readonly QueueKeys[]): string[] => queues.map(({ queue }) => queue);

/** Removes what a worker leaves in a queue that was removed: its leases, and the tasks once nobody has a lease. */
export async function leaveQueue(
  redis: Connection,
  { leases, tasks }: QueueKeys,
  consumers: readonly string[],
): Promise<void> {
  if (consumers.length > 0) await redis.zrem(leases, ...consumers);
  if ((await redis.exists(leases)) === 0) await redis.unlink(tasks);
}
