import type { Clock } from '../../src/clock.ts';
import type { Consumer } from '../../src/lifecycle/consumer.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';

/**
 * Looks after the lease from inside the process that works under it, in case the parent that renews it falls silent:
 * then Redis is asked whether the lease is still there.
 */
export class LeaseWatch {
  readonly #consumer: Consumer;
  readonly #queues: readonly QueueKeys[];
  readonly #leaseMs: number;
  readonly #clock: Clock;
  readonly #onLost: (queue: string) => void;
  #renewedAt: number;

  constructor(
    consumer: Consumer,
    queues: readonly QueueKeys[],
    leaseMs: number,
    clock: Clock,
    onLost: (queue: string) => void,
  ) {
    this.#consumer = consumer;
    this.#queues = queues;
    this.#leaseMs = leaseMs;
    this.#clock = clock;
    this.#onLost = onLost;
    this.#renewedAt = clock.monotonic();
  }

  /** To be called when the parent says that it has renewed the lease. */
  renewed(): void {
    this.#renewedAt = this.#clock.monotonic();
  }

  readonly run = async (): Promise<number> => {
    if (this.#clock.monotonic() - this.#renewedAt >= this.#leaseMs) {
      for (const keys of this.#queues) {
        if (!(await this.#consumer.hasLease(keys))) this.#onLost(keys.queue);
      }
    }
    return this.#leaseMs / 3;
  };
}
