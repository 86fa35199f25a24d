import type { QueueKeys } from '../redis/keys.ts';
import type { Delivery } from '../redis/scripts/take.ts';
import type { LeasedJob } from '../schemas/lease.ts';
import { type HandedOut, TAKE_NOTHING } from './hand-out.ts';
import type { LeasedConsumer } from './leased.ts';

/** What one request has taken, until it is known that there is somebody to have it. */
export class Taking {
  readonly jobs: LeasedJob[] = [];
  /** End of the lease, Unix ms. */
  expiresAt = 0;
  /** Until the next job of a queue falls due, ms; infinite when none waits. */
  nextDueInMs = Number.POSITIVE_INFINITY;
  readonly #consumer: LeasedConsumer;
  readonly #leaseMs: number;
  readonly #taken: { keys: QueueKeys; deliveries: Delivery[] }[] = [];

  constructor(consumer: LeasedConsumer, leaseMs: number) {
    this.#consumer = consumer;
    this.#leaseMs = leaseMs;
  }

  add(keys: QueueKeys, { jobs, deliveries, expiresAt, nextDueInMs }: HandedOut): void {
    this.jobs.push(...jobs);
    if (deliveries.length > 0) this.#taken.push({ keys, deliveries });
    this.expiresAt = Math.max(this.expiresAt, expiresAt);
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
      await this.#consumer.serve(keys, [], new Map(), Date.now(), {
        ...TAKE_NOTHING,
        leaseMs: this.#leaseMs,
      });
    }
  }
}
