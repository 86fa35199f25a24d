import type { Core } from '../core/core.ts';
import { expiredDeadLetters, purgeDead } from '../lifecycle/scripts/dead-letters.ts';
import { SWEEP_START, type SweepPosition, sweep } from '../lifecycle/scripts/sweep.ts';
import type { QueueKeys } from '../redis/keys.ts';

/** Between two steps of one sweep. */
const STEP_EVERY_MS = 100;
/** Mean time between two sweeps, by all workers of a queue together. It varies by half, so that they do not sweep at once. */
const SWEEP_EVERY_MS = 60_000;
/** Where very many workers look after a queue, each sweeps once in so many times. */
const MAX_SHARE = 10;

/** Repairs queues slowly, one bounded step at a time: recovers jobs that are in no place, deletes old dead letters. */
export class Sweeper {
  readonly #core: Core;
  readonly #queues: () => Iterable<QueueKeys>;
  readonly #ownLeases: number;
  /** By queue. */
  readonly #positions = new Map<string, SweepPosition>();

  /**
   * @param queues the queues to maintain; called in every step.
   * @param ownLeases leases of this worker in each queue. Infinite: the others may look after nothing.
   */
  constructor(core: Core, queues: () => Iterable<QueueKeys>, ownLeases = Number.POSITIVE_INFINITY) {
    this.#core = core;
    this.#queues = queues;
    this.#ownLeases = ownLeases;
  }

  /** One step in all queues; resolves to the time until the next one, ms. */
  readonly run = async (): Promise<number> => {
    let isDone = true;
    for (const keys of [...this.#queues()]) {
      const isNew = !this.#positions.has(keys.queue);
      const hasDeleted = isNew && (await this.#deleteOldDeadLetters(keys)) > 0;
      if (hasDeleted || !(await this.#step(keys))) isDone = false;
    }
    if (!isDone) return STEP_EVERY_MS;
    this.#positions.clear();
    return SWEEP_EVERY_MS * (await this.#share()) * (0.5 + Math.random());
  };

  /** How many workers look after each queue, at least. */
  async #share(): Promise<number> {
    if (!Number.isFinite(this.#ownLeases)) return 1;
    let share = MAX_SHARE;
    for (const { leases } of this.#queues()) {
      share = Math.min(share, (await this.#core.redis.zcard(leases)) / this.#ownLeases);
    }
    return Math.max(1, share);
  }

  async #deleteOldDeadLetters(keys: QueueKeys): Promise<number> {
    const { redis, settings } = this.#core;
    return purgeDead(redis, keys, await expiredDeadLetters(redis, keys, settings.deadTtlMs));
  }

  /** True when the sweep of this queue is complete. */
  async #step(keys: QueueKeys): Promise<boolean> {
    const position = this.#positions.get(keys.queue) ?? SWEEP_START;
    if (position === 'end') return true;
    const { found, next } = await sweep(this.#core.redis, keys, position);
    if (found > 0) this.#core.observe({ kind: 'recovered', queue: keys.queue, jobs: found, cause: 'stray' });
    this.#positions.set(keys.queue, next);
    return next === 'end';
  }
}
