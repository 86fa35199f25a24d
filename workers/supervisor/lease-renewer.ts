import { extendLease } from '../../src/lifecycle/scripts/extend-lease.ts';
import type { Connection } from '../../src/redis/connection.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { Supervisor } from './supervisor.ts';

export interface LeaseRenewerParts {
  redis: Connection;
  queues: readonly QueueKeys[];
  supervisor: Pick<Supervisor, 'livingConsumers' | 'send'>;
  leaseMs: number;
  /** A lease had expired and was registered again at that time, Unix ms of Redis. */
  onLost: (consumer: string, queue: string, registeredAt: number) => void;
}

/** Renews the leases of all processes, from outside their event loops, three times in the life of a lease. */
export class LeaseRenewer {
  readonly #parts: LeaseRenewerParts;

  constructor(parts: LeaseRenewerParts) {
    this.#parts = parts;
  }

  readonly run = async (): Promise<number> => {
    const { redis, queues, supervisor, leaseMs, onLost } = this.#parts;
    for (const keys of [...queues]) {
      // Read again for each queue: a process that has ended since has given its lease up.
      const consumers = supervisor.livingConsumers();
      if (consumers.length === 0) break;
      const { now, lost } = await extendLease(redis, keys, 'renew', consumers, leaseMs);
      for (const consumer of lost) onLost(consumer, keys.queue, now);
    }
    for (const consumer of supervisor.livingConsumers()) supervisor.send(consumer, { type: 'lease-renewed' });
    return leaseMs / 3;
  };
}
