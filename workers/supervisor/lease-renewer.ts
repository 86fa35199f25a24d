import type { Core } from '../../src/core/core.ts';
import { extendLease } from '../../src/lifecycle/scripts/extend-lease.ts';
import { EachPrimary } from '../../src/maintenance/each-primary.ts';
import { isUnavailable } from '../../src/redis/faults.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { News } from './ipc.ts';

export interface LeaseRenewerParts {
  core: Pick<Core, 'redis' | 'clock'>;
  queues: readonly QueueKeys[];
  supervisor: { livingConsumers(): string[]; send(consumer: string, news: News): void };
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
  readonly #each: EachPrimary;
  /** By queue. */
  readonly #heard = new Map<string, HeardTime>();

  constructor(parts: LeaseRenewerParts) {
    this.#parts = parts;
    this.#each = new EachPrimary(parts.core.redis);
  }

  readonly run = async (): Promise<number> => {
    const { queues, leaseMs } = this.#parts;
    let renewed = 0;
    try {
      await this.#each.run(queues, async (group) => {
        for (const keys of group) {
          await this.#renew(keys);
          renewed += 1;
        }
      });
    } finally {
      if (renewed > 0 || queues.length === 0) this.#tellRenewed();
    }
    return leaseMs / 3;
  };

  /**
   * Registers the lease of a new process in all queues. Where a primary among several is away, the process asks again for the queues of
   * that one.
   */
  async register(consumer: string): Promise<void> {
    const { core, queues, leaseMs } = this.#parts;
    let registered = 0;
    try {
      await new EachPrimary(core.redis).run(queues, async (group) => {
        for (const keys of group) {
          await extendLease(core.redis, keys, 'new', [consumer], leaseMs);
          registered += 1;
        }
      });
    } catch (error) {
      if (registered === 0 || !isUnavailable(error)) throw error;
    }
  }

  #tellRenewed(): void {
    const { supervisor } = this.#parts;
    for (const consumer of supervisor.livingConsumers()) supervisor.send(consumer, { type: 'lease-renewed' });
  }

  async #renew(keys: QueueKeys): Promise<void> {
    const { core, supervisor, leaseMs, onLost } = this.#parts;
    // Read again for each queue: a process that has ended since has given its lease up.
    const consumers = supervisor.livingConsumers();
    if (consumers.length === 0 || (await this.#renewByHeardTime(keys, consumers))) return;
    const { now, lost } = await extendLease(core.redis, keys, 'renew', consumers, leaseMs);
    this.#heard.set(keys.queue, { now, at: core.clock.monotonic() });
    for (const consumer of lost) onLost(consumer, keys.queue, now);
  }

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
