import type { Clock } from '../../src/clock.ts';
import type { Consumer } from '../../src/lifecycle/consumer.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';

export interface LeaseWatchParts {
  consumer: Consumer;
  queues: readonly QueueKeys[];
  leaseMs: number;
  clock: Clock;
  onLost: (queue: string) => void;
}

/**
 * Checks the lease from inside the process that works under it, in case the supervisor that renews it falls silent:
 * without news for the length of a lease it asks Redis.
 */
export class LeaseWatch {
  readonly #parts: LeaseWatchParts;
  #renewedAt: number;

  constructor(parts: LeaseWatchParts) {
    this.#parts = parts;
    this.#renewedAt = parts.clock.monotonic();
  }

  /** Call it when the supervisor reports that it has renewed the lease. */
  renewed(): void {
    this.#renewedAt = this.#parts.clock.monotonic();
  }

  readonly run = async (): Promise<number> => {
    const { consumer, queues, leaseMs, clock, onLost } = this.#parts;
    if (clock.monotonic() - this.#renewedAt >= leaseMs) {
      for (const keys of [...queues]) if (!(await consumer.hasLease(keys))) onLost(keys.queue);
    }
    return leaseMs / 3;
  };
}
