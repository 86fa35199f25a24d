import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import { isCluster } from '../redis/cluster/slots.ts';
import type { Connection } from '../redis/connection.ts';
import { isUnavailable } from '../redis/faults.ts';
import { inOrder, type QueueKeys } from '../redis/keys.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { toPairs } from '../redis/pairs.ts';
import { timeAt } from '../redis/server-time.ts';
import { clip } from '../schemas/json/well-formed.ts';

/** A queue is registered again after this long, in case Redis has lost its data. */
const REGISTER_EVERY_MS = 60_000;
/** After a try that failed. */
const REGISTER_AGAIN_MS = 1_000;
/**
 * How long a removed queue is watched. A process that has registered it shortly before still submits to it without another
 * look at the list.
 */
const WATCH_REMOVED_MS = 2 * REGISTER_EVERY_MS;
/** Between two looks at removed queues, and most of one look. */
const RELIST_EVERY_MS = 2_000;
const MOST_REMOVED = 500;
/** How often a process of a Cluster looks whether the list still has the names that it registered in the last minutes. */
const LIST_AGAIN_EVERY_MS = 30_000;
const LATELY_MS = 2 * REGISTER_EVERY_MS;
/** Most names of one command. */
const NAMES_AT_ONCE = 500;
/** Clients choose queue names, so the number of remembered names is bounded. */
const MAX_REMEMBERED = 10_000;

/** Characters of a name in an error. A valid name has fewer. */
const MOST_SHOWN = 100;

/** The set of queue names, which `GET /queues` lists. */
export class QueueRegistry {
  readonly #redis: Connection;
  readonly #acked: Connection;
  readonly #keySpace: KeySpace;
  readonly #clock: Clock;
  /** Queue -> when this process last registered it, monotonic ms. */
  readonly #registeredAt = new Map<string, number>();
  /** Queue -> the write that lists it. */
  readonly #listing = new Map<string, Promise<void>>();
  /** When it looks again, monotonic ms. */
  #listAgainAt = 0;

  /** @param acked for writes that replicas must have. */
  constructor(redis: Connection, keySpace: KeySpace, clock: Clock, acked = redis) {
    this.#redis = redis;
    this.#acked = acked;
    this.#keySpace = keySpace;
    this.#clock = clock;
  }

  /** All names, sorted. */
  async names(): Promise<string[]> {
    return (await this.#redis.smembers(this.#keySpace.queues)).sort();
  }

  /** How many there are. */
  count(): Promise<number> {
    return this.#redis.scard(this.#keySpace.queues);
  }

  /** Those of the queues that have no streams: they were removed. The list may still have them for a moment. */
  async withoutStreams(queues: readonly QueueKeys[]): Promise<QueueKeys[]> {
    const found = await Promise.all(queues.map(({ stream }) => this.#redis.exists(...inOrder(stream))));
    return queues.filter((_, i) => found[i] === 0);
  }

  /** The keys of a queue that exists. @throws {AppError} queue-not-found. */
  async existing(queue: string): Promise<QueueKeys> {
    const keys = this.#keySpace.queue(queue);
    // After Redis has lost its data, a queue can have jobs before it is registered again.
    const [listed, streams] = await Promise.all([
      this.#redis.sismember(this.#keySpace.queues, queue),
      this.#redis.exists(...inOrder(keys.stream)),
    ]);
    if (listed === 0 && streams === 0) {
      throw queueNotFound(queue);
    }
    return keys;
  }

  /** Adds the names now. Writes only missing names, because a full Redis refuses writes. */
  async register(queues: readonly string[]): Promise<void> {
    const missing = await this.#missing(queues);
    if (missing.length > 0) await this.#acked.sadd(this.#keySpace.queues, missing);
  }

  async #missing(queues: readonly string[]): Promise<string[]> {
    if (queues.length === 0) return [];
    const listed = await this.#redis.smismember(this.#keySpace.queues, ...queues);
    return queues.filter((_, i) => listed[i] === 0);
  }

  /** In a Cluster another primary has the list than the jobs. A failover may lose a name there, and nothing of the queue. */
  async listAgain(): Promise<void> {
    const now = this.#clock.monotonic();
    if (!isCluster(this.#redis) || now < this.#listAgainAt) return;
    const lately = [...this.#registeredAt].flatMap(([queue, at]) => (now - at <= LATELY_MS ? [queue] : []));
    for (let from = 0; from < lately.length; from += NAMES_AT_ONCE) {
      const missing = await this.#missing(lately.slice(from, from + NAMES_AT_ONCE));
      // Another process may have removed a queue.
      const found = await Promise.all(missing.map((queue) => this.#hasKeys(queue)));
      await this.register(missing.filter((_, i) => found[i]));
    }
    this.#listAgainAt = now + LIST_AGAIN_EVERY_MS;
  }

  /** Announces that the queue may be removed: from now on it is watched, see `relist`. */
  async beforeRemoval(queue: string): Promise<void> {
    const { removedQueues } = this.#keySpace;
    await this.#redis.zadd(removedQueues, await timeAt(this.#redis, removedQueues), queue);
  }

  /** Takes a removed queue off the list, unless it has come back already. */
  async unlist(queue: string): Promise<void> {
    this.#registeredAt.delete(queue);
    await this.#redis.srem(this.#keySpace.queues, queue);
    if (await this.#hasKeys(queue)) await this.register([queue]);
  }

  /**
   * Lists removed queues that have come back; resolves to the time until the next look, ms.
   *
   * @param onGone called for a queue that has not come back in all the time.
   */
  async relist(onGone: (queue: string) => Promise<unknown>): Promise<number> {
    const { removedQueues } = this.#keySpace;
    const removed = toPairs(
      await this.#redis.zrange(removedQueues, 0, String(MOST_REMOVED - 1), 'WITHSCORES'),
    );
    const [, last] = removed.at(-1) ?? [];
    if (last === undefined) return RELIST_EVERY_MS;
    const watchedSince = (await timeAt(this.#redis, removedQueues)) - WATCH_REMOVED_MS;
    const found = await Promise.all(removed.map(([queue]) => this.#hasKeys(queue)));
    const back = removed.flatMap(([queue], i) => (found[i] ? [queue] : []));
    if (back.length > 0) await this.register(back);
    for (const [i, [queue, at]] of removed.entries()) {
      if (!found[i] && Number(at) <= watchedSince) await onGone(queue);
    }
    // A queue that was removed again since has a later time, and stays.
    await this.#redis.zremrangebyscore(removedQueues, '-inf', Math.min(watchedSince, Number(last)));
    return RELIST_EVERY_MS;
  }

  async #hasKeys(queue: string): Promise<boolean> {
    const { stream, settings, scheduleStates, subscriptions } = this.#keySpace.queue(queue);
    return (await this.#redis.exists(...inOrder(stream), settings, scheduleStates, subscriptions)) > 0;
  }

  /** Whether this process has registered the queue within the last minute. */
  isRegistered(queue: string): boolean {
    const at = this.#registeredAt.get(queue) ?? Number.NEGATIVE_INFINITY;
    return this.#clock.monotonic() - at <= REGISTER_EVERY_MS;
  }

  /**
   * Writes jobs of queues that are listed. A queue that is new to this process is listed before, so that no reader of all queues misses its first
   * events; the others are looked at again beside it, once a minute. Most submits then cost one command.
   */
  async whileListed<T>(queues: readonly string[], write: () => Promise<T>): Promise<T> {
    await this.#listNew(queues);
    const [result] = await Promise.all([write(), this.#listStale(queues)]);
    return result;
  }

  async #listNew(queues: readonly string[]): Promise<void> {
    const names = new Set(queues.filter((queue) => !this.#registeredAt.has(queue)));
    if (names.size === 0) return;
    const due = [...names].filter((queue) => !this.#listing.has(queue));
    if (due.length > 0) {
      const listed = this.#listAll(due).finally(() => {
        for (const queue of due) this.#listing.delete(queue);
      });
      for (const queue of due) this.#listing.set(queue, listed);
    }
    await Promise.all(new Set([...names].map((queue) => this.#listing.get(queue))));
  }

  async #listAll(queues: readonly string[]): Promise<void> {
    const now = this.#clock.monotonic();
    await this.register(queues);
    if (this.#registeredAt.size > MAX_REMEMBERED) this.#registeredAt.clear();
    for (const queue of queues) this.#registeredAt.set(queue, now);
  }

  async #listStale(queues: readonly string[]): Promise<void> {
    const due = [...new Set(queues)].filter((queue) => !this.isRegistered(queue));
    if (due.length === 0) return;
    const now = this.#clock.monotonic();
    for (const queue of due) this.#registeredAt.set(queue, now);
    try {
      await this.register(due);
    } catch (error) {
      // Only a Redis that has lost its data lacks the names. One primary of several may be away.
      const isKnown = isUnavailable(error);
      for (const queue of due) {
        if (isKnown) this.#registeredAt.set(queue, now - REGISTER_EVERY_MS + REGISTER_AGAIN_MS);
        else this.#registeredAt.delete(queue);
      }
      if (!isKnown) throw error;
    }
  }
}

export const queueNotFound = (queue: string): AppError =>
  new AppError(
    'queue-not-found',
    `There is no queue "${clip(queue, MOST_SHOWN)}": it has had no job and no worker yet.`,
  );
