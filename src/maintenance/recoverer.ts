import type { Core } from '../core/core.ts';
import { cancelJob } from '../lifecycle/cancel.ts';
import { expireDue } from '../lifecycle/expire.ts';
import { ensureGroups } from '../lifecycle/scripts/ensure-groups.ts';
import { type GivenUp, type Recovery, recover } from '../lifecycle/scripts/recover.ts';
import { BLOCK_MS, isNoGroup } from '../redis/connect.ts';
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
  readonly #core: Core;
  readonly #queues: () => Iterable<QueueKeys>;
  #trouble = false;

  /** @param queues those to look after, asked for in every pass. */
  constructor(core: Core, queues: () => Iterable<QueueKeys>) {
    this.#core = core;
    this.#queues = queues;
  }

  /** Sweeps up the leases that have run out, in whatever process they were. */
  readonly run = async (): Promise<number> => {
    if (this.#trouble) {
      await this.#core.redis.ping();
      this.#trouble = false;
      return AFTER_TROUBLE_MS;
    }
    try {
      let next = AT_LEAST_EVERY_MS;
      for (const keys of this.#queues()) {
        const { nextExpiryInMs, more, lapsed } = await this.#pass(keys);
        const again = (lapsed && (await expireDue(this.#core, keys))) || more;
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
    if (pass.recovered > 0) {
      const { queue } = keys;
      const lost = givenUp && { lease: givenUp.consumer };
      const cause = givenUp ? 'process-ended' : 'lease-ran-out';
      this.#core.observe({ kind: 'recovered', queue, jobs: pass.recovered, cause, ...lost });
    }
    for (const ref of pass.cancelled) await cancelJob(this.#core, keys, ref);
    return pass;
  }

  async #healed(keys: QueueKeys, givenUp?: GivenUp): Promise<Recovery> {
    try {
      return await recover(this.#core.redis, keys, givenUp);
    } catch (error) {
      if (!isNoGroup(error)) throw error;
      await ensureGroups(this.#core.redis, keys);
      return recover(this.#core.redis, keys, givenUp);
    }
  }
}
