import type { Core } from '../core/core.ts';
import { expiredDeadLetters, purgeDead } from '../lifecycle/scripts/dead-letters.ts';
import { isSound } from '../lifecycle/scripts/places/count-places.ts';
import { SHORT_SWEEP_START, SWEEP_START, type SweepPosition, sweep } from '../lifecycle/scripts/sweep.ts';
import { inOrder, type QueueKeys } from '../redis/keys.ts';
import { EachPrimary } from './each-primary.ts';

/** Between two steps of one sweep. */
const STEP_EVERY_MS = 100;
/** Mean time between two sweeps, by all workers of a queue together. It varies by half, so that they do not sweep at once. */
const SWEEP_EVERY_MS = 60_000;
/** Where very many workers look after a queue, each sweeps once in so many times. */
const MAX_SHARE = 10;
/** Jobs of a long queue. While its places are sound it is swept once in so many sweeps. */
const LONG_QUEUE = 5_000;
const LONG_EVERY = 10;

/**
 * Repairs queues slowly, one bounded step at a time: recovers jobs that are in no place, deletes old dead letters. The jobs of a long
 * queue are looked at one by one only if their count shows that one is in no place: idle workers would else read them again and again.
 */
export class Sweeper {
  readonly #core: Core;
  readonly #queues: () => Iterable<QueueKeys>;
  readonly #ownLeases: number;
  readonly #each: EachPrimary;
  /** By queue. */
  readonly #positions = new Map<string, SweepPosition>();
  /** By long queue: how many sweeps leave it out before the next one that does not. */
  readonly #rests = new Map<string, number>();

  /**
   * @param queues the queues to maintain; called in every step.
   * @param ownLeases leases of this worker in each queue. Infinite: the others may look after nothing.
   */
  constructor(core: Core, queues: () => Iterable<QueueKeys>, ownLeases = Number.POSITIVE_INFINITY) {
    this.#core = core;
    this.#each = new EachPrimary(core.redis);
    this.#queues = queues;
    this.#ownLeases = ownLeases;
  }

  /** One step in all queues; resolves to the time until the next one, ms. */
  readonly run = async (): Promise<number> => {
    let done = 0;
    let all = 0;
    await this.#each.run(this.#queues(), async (group) => {
      all += group.length;
      for (const keys of group) if (await this.#step(keys)) done += 1;
    });
    if (done < all) return STEP_EVERY_MS;
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
    const { redis, observe } = this.#core;
    let position = this.#positions.get(keys.queue) ?? (await this.#start(keys));
    if (position === undefined) return false;
    if (position !== 'end') {
      const { found, next } = await sweep(redis, keys, position);
      if (found > 0) observe({ kind: 'recovered', queue: keys.queue, jobs: found, cause: 'stray' });
      position = next;
    }
    this.#positions.set(keys.queue, position);
    return position === 'end';
  }

  /** Where the sweep of a queue begins; undefined while there may be more dead letters to delete. */
  async #start(keys: QueueKeys): Promise<SweepPosition | undefined> {
    const rest = this.#rests.get(keys.queue) ?? 0;
    this.#rests.delete(keys.queue);
    if (rest > 0) {
      this.#rests.set(keys.queue, rest - 1);
      return 'end';
    }
    if ((await this.#deleteOldDeadLetters(keys)) > 0) return undefined;
    if (!(await this.#isLong(keys)) || !(await isSound(this.#core.redis, keys))) return SWEEP_START;
    this.#rests.set(keys.queue, LONG_EVERY - 1);
    return SHORT_SWEEP_START;
  }

  async #isLong({ stream }: QueueKeys): Promise<boolean> {
    const lengths = await Promise.all(inOrder(stream).map((one) => this.#core.redis.xlen(one)));
    return lengths.reduce((sum, length) => sum + length) >= LONG_QUEUE;
  }
}
