import type { Core } from '../../src/core/core.ts';
import { extendLease } from '../../src/lifecycle/scripts/extend-lease.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { Supervisor } from './supervisor.ts';

export interface LeaseRenewerParts {
  core: Pick<Core, 'redis' | 'clock'>;
  queues: readonly QueueKeys[];
  supervisor: Pick<Supervisor, 'livingConsumers' | 'send'>;
  leaseMs: number;
  /** A lease had expired and was registered again at that time, Unix ms of Redis. */
  onLost: (consumer: string, queue: string, registeredAt: number) => void;
}

/** What the clock of Redis said, Unix ms, and when it was heard, monotonic ms. */
interface HeardTime {
  readonly now: number;
  readonly at: number;
}

/**
 * Renews the leases of all processes, from outside their event loops, three times in the life of a lease. Every second time it counts
 * on from the last time that Redis told: one command in place of three, since idle workers send little else.
 */
export class LeaseRenewer {
  readonly #parts: LeaseRenewerParts;
  /** By queue. */
  readonly #heard = new Map<string, HeardTime>();

  constructor(parts: LeaseRenewerParts) {
    this.#parts = parts;
  }

  readonly run = async (): Promise<number> => {
    const { core, queues, supervisor, leaseMs, onLost } = this.#parts;
    for (const keys of [...queues]) {
      // Read again for each queue: a process that has ended since has given its lease up.
      const consumers = supervisor.livingConsumers();
      if (consumers.length === 0) break;
      if (await this.#renewByHeardTime(keys, consumers)) continue;
      const { now, lost } = await extendLease(core.redis, keys, 'renew', consumers, leaseMs);
      this.#heard.set(keys.queue, { now, at: core.clock.monotonic() });
      for (const consumer of lost) onLost(consumer, keys.queue, now);
    }
    for (const consumer of supervisor.livingConsumers()) supervisor.send(consumer, { type: 'lease-renewed' });
    return leaseMs / 3;
  };

  /** False where a lease may have ended, or the time was not heard since the last renewal of this kind. */
  async #renewByHeardTime(keys: QueueKeys, consumers: readonly string[]): Promise<boolean> {
    const { core, leaseMs } = this.#parts;
    const heard = this.#heard.get(keys.queue);
    this.#heard.delete(keys.queue);
    if (heard === undefined) return false;
    const ends = Math.round(heard.now + core.clock.monotonic() - heard.at + leaseMs);
    const scored = consumers.flatMap((consumer) => [ends, consumer]);
    return (await core.redis.zadd(keys.leases, 'XX', 'CH', ...scored)) === consumers.length;
  }
}
