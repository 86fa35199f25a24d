import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import { inOrder, type QueueKeys } from '../redis/keys.ts';
import type { KeySpace } from '../redis/keyspace.ts';

/** A queue is registered again after this long, in case Redis has lost its data. */
const REGISTER_EVERY_MS = 60_000;
/** Clients choose queue names, so the number of remembered names is bounded. */
const MAX_REMEMBERED = 10_000;

/** The set of queue names, which `GET /queues` lists. */
export class QueueRegistry {
  readonly #redis: Connection;
  readonly #keySpace: KeySpace;
  readonly #clock: Clock;
  /** Queue -> when this process last registered it, monotonic ms. */
  readonly #registeredAt = new Map<string, number>();

  constructor(redis: Connection, keySpace: KeySpace, clock: Clock) {
    this.#redis = redis;
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

  /** Which of the queues are not registered. */
  async missing(queues: readonly QueueKeys[]): Promise<QueueKeys[]> {
    if (queues.length === 0) return [];
    const listed = await this.#redis.smismember(this.#keySpace.queues, ...queues.map(({ queue }) => queue));
    return queues.filter((_, i) => listed[i] === 0);
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
      throw new AppError(
        'queue-not-found',
        `There is no queue "${queue}": it has had no job and no worker yet.`,
      );
    }
    return keys;
  }

  /** Adds the names now. Writes only missing names, because a full Redis refuses writes. */
  async register(queues: readonly string[]): Promise<void> {
    if (queues.length === 0) return;
    const listed = await this.#redis.smismember(this.#keySpace.queues, ...queues);
    const missing = queues.filter((_, i) => listed[i] === 0);
    if (missing.length > 0) await this.#redis.sadd(this.#keySpace.queues, missing);
  }

  /** Whether this process has registered the queue within the last minute. */
  isRegistered(queue: string): boolean {
    const at = this.#registeredAt.get(queue) ?? Number.NEGATIVE_INFINITY;
    return this.#clock.monotonic() - at <= REGISTER_EVERY_MS;
  }

  /** Adds the names that this process has not registered within the last minute. Most submits then cost one command. */
  async keepRegistered(queues: readonly string[]): Promise<void> {
    const due = [...new Set(queues)].filter((queue) => !this.isRegistered(queue));
    if (due.length === 0) return;
    if (this.#registeredAt.size > MAX_REMEMBERED) this.#registeredAt.clear();
    const now = this.#clock.monotonic();
    for (const queue of due) this.#registeredAt.set(queue, now);
    try {
      await this.register(due);
    } catch (error) {
      for (const queue of due) this.#registeredAt.delete(queue);
      throw error;
    }
  }
}
