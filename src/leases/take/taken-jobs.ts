import type { Delivery } from '../../lifecycle/scripts/take.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { LeasedJob } from '../../schemas/lease.ts';
import type { LeaseConsumer } from '../lease-consumer.ts';
import { MAX_PAYLOAD_BYTES, type TakeResult } from './taker.ts';

/** The jobs that one request has taken from one or more queues. */
export class TakenJobs {
  readonly jobs: LeasedJob[] = [];
  /** End of the lease, Unix ms; undefined while the lease holds nothing. */
  expiresAt: number | undefined;
  /** Time until the next job of a queue is due, ms; infinite when none waits. */
  nextDueInMs = Number.POSITIVE_INFINITY;
  /** Bytes that the payloads of further jobs may still have. */
  byteBudget = MAX_PAYLOAD_BYTES;
  /** See `TakeResult`. */
  mayHaveMore = false;
  /** See `TakeResult`. */
  hasHolds = false;
  /** Of the queue that was taken from last. See `Taken`. */
  isAtLimit = false;
  readonly #consumer: LeaseConsumer;
  readonly #deliveries: { keys: QueueKeys; deliveries: readonly Delivery[] }[] = [];

  constructor(consumer: LeaseConsumer) {
    this.#consumer = consumer;
  }

  add(keys: QueueKeys, result: TakeResult): void {
    this.byteBudget -= result.payloadSize;
    this.mayHaveMore ||= result.mayHaveMore;
    this.hasHolds ||= result.hasHolds;
    this.isAtLimit = result.isAtLimit;
    this.jobs.push(...result.jobs);
    if (result.deliveries.length > 0) this.#deliveries.push({ keys, deliveries: result.deliveries });
    this.expiresAt = earlier(this.expiresAt, result.expiresAt);
    this.nextDueInMs = Math.min(this.nextDueInMs, result.nextDueInMs ?? Number.POSITIVE_INFINITY);
  }

  /** Gives the jobs back to their queues, for a requester that has gone: spends no attempt, and ends the lease. */
  async release(): Promise<void> {
    for (const { keys, deliveries } of this.#deliveries) {
      const held = deliveries.map(({ place, entryId, token, begun }) => ({
        ref: { place, entryId },
        token,
        begun,
      }));
      await this.#consumer.release(keys, held);
      await this.#consumer.endIfIdle(keys);
    }
  }
}

/** The earlier of a lease's ends in two queues; undefined stands for a queue in which it has ended. */
export const earlier = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
