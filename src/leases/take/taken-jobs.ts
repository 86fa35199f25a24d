import type { Delivery } from '../../lifecycle/scripts/take.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { LeasedJob } from '../../schemas/lease.ts';
import type { LeaseConsumer } from '../lease-consumer.ts';
import { MOST_BYTES, type TakeResult } from './taker.ts';

/** What one request has taken, until it is known that there is somebody to have it. */
export class TakenJobs {
  readonly jobs: LeasedJob[] = [];
  /** End of the lease, Unix ms; undefined while it holds nothing. */
  expiresAt: number | undefined;
  /** Until the next job of a queue falls due, ms; infinite when none waits. */
  nextDueInMs = Number.POSITIVE_INFINITY;
  /** What more jobs may take up, bytes. */
  room = MOST_BYTES;
  /** There may be more, though no jobs came: see `HandedOut`. */
  mayBeMore = false;
  readonly #consumer: LeaseConsumer;
  readonly #taken: { keys: QueueKeys; deliveries: Delivery[] }[] = [];

  constructor(consumer: LeaseConsumer) {
    this.#consumer = consumer;
  }

  add(keys: QueueKeys, { jobs, size, deliveries, expiresAt, nextDueInMs, mayBeMore }: TakeResult): void {
    this.room -= size;
    this.mayBeMore ||= mayBeMore;
    this.jobs.push(...jobs);
    if (deliveries.length > 0) this.#taken.push({ keys, deliveries });
    this.expiresAt = earlier(this.expiresAt, expiresAt);
    this.nextDueInMs = Math.min(this.nextDueInMs, nextDueInMs ?? Number.POSITIVE_INFINITY);
  }

  /** Nobody is there to have it: no attempt is spent, and the lease ends. */
  async handBack(): Promise<void> {
    for (const { keys, deliveries } of this.#taken) {
      const held = deliveries.map(({ place, entryId, token, begun }) => ({
        ref: { place, entryId },
        token,
        begun,
      }));
      await this.#consumer.release(keys, held);
      await this.#consumer.finish(keys, []);
    }
  }
}

/** The earlier end of a lease in two queues; undefined where it has ended. */
export const earlier = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
