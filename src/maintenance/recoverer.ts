import type { Core } from '../core/core.ts';
import { expireDue } from '../lifecycle/expire.ts';
import { cancelOrExpire } from '../lifecycle/scripts/cancel.ts';
import { ensureGroups } from '../lifecycle/scripts/ensure-groups.ts';
import { type GivenUp, type Recovery, recover } from '../lifecycle/scripts/recover.ts';
import type { Observer } from '../observer.ts';
import { BLOCK_MS } from '../redis/connect.ts';
import type { Connection } from '../redis/connection.ts';
import { isNoGroup } from '../redis/faults.ts';
import type { QueueKeys } from '../redis/keys.ts';

/** Other workers may hold shorter leases than ours: look at least this often. */
const AT_LEAST_EVERY_MS = 1_000;
const AT_MOST_EVERY_MS = 20;
/**
 * After Redis was away every lease may have run out, though its worker lives: whoever can renews first. A worker
 * tries to connect at least once a second.
 */
const AFTER_TROUBLE_MS = 2_000;

/** Takes back the jobs of workers whose leases have ended, and ends jobs that have lapsed. */
export class Recoverer {
  readonly #redis: Connection;
  readonly #queues: () => Iterable<QueueKeys>;
  readonly #resultTtlMs: number;
  readonly #observe: Observer;
  #trouble = false;

  /** @param queues those to look after, asked for in every pass. */
  constructor({ redis, settings }: Core, queues: () => Iterable<QueueKeys>, observe: Observer) {
    this.#redis = redis;
    this.#queues = queues;
    this.#resultTtlMs = settings.resultTtlMs;
    this.#observe = observe;
  }

  /** Sweeps up the leases that have run out, in whatever process they were. */
  readonly run = async (): Promise<number> => {
    if (this.#trouble) {
      await this.#redis.ping();
      this.#trouble = false;
      return AFTER_TROUBLE_MS;
    }
    try {
      let next = AT_LEAST_EVERY_MS;
      for (const keys of this.#queues()) {
        const { nextExpiryInMs, more, lapsed } = await this.#pass(keys);
        const again = (lapsed && (await expireDue(this.#redis, keys, this.#resultTtlMs))) || more;
        next = Math.min(next, again ? 0 : Math.max(AT_MOST_EVERY_MS, nextExpiryInMs ?? next));
      }
      return next;
    } catch (error) {
      this.#trouble = true;
      throw error;
    }
  };

  /**
   * Gives up one lease now: its process has ended, and what it left runs elsewhere. After an end that was not
   * `clean` a blocking read of it may be open at the server for a while, so its lease lingers for as long.
   */
  async giveUp(consumer: string, { clean, how }: { clean: boolean; how: string }): Promise<void> {
    const lingerMs = clean ? 0 : BLOCK_MS + 1_000;
    for (const keys of this.#queues()) {
      for (let more = true; more; ) ({ more } = await this.#pass(keys, { consumer, lingerMs, how }));
    }
  }

  async #pass(keys: QueueKeys, givenUp?: GivenUp): Promise<Recovery> {
    const pass = await this.#healed(keys, givenUp);
    if (pass.recovered > 0) this.#observe({ kind: 'recovered', queue: keys.queue, jobs: pass.recovered });
    for (const ref of pass.cancelled)
      await cancelOrExpire(this.#redis, keys, ref, 'cancelled', this.#resultTtlMs);
    return pass;
  }

  async #healed(keys: QueueKeys, givenUp?: GivenUp): Promise<Recovery> {
    try {
      return await recover(this.#redis, keys, givenUp);
    } catch (error) {
      if (!isNoGroup(error)) throw error;
      await ensureGroups(this.#redis, keys);
      return recover(this.#redis, keys, givenUp);
    }
  }
}
