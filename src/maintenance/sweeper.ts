import type { Core } from '../core/core.ts';
import { expiredDeadLetters, purgeDead } from '../lifecycle/scripts/dead-letters.ts';
import { SWEEP_START, type SweepPosition, sweep } from '../lifecycle/scripts/sweep.ts';
import type { QueueKeys } from '../redis/keys.ts';

/** Between two steps of one sweep. */
const STEP_EVERY_MS = 100;
/** Mean time between two sweeps. It varies by half, so that many workers do not sweep together. */
const SWEEP_EVERY_MS = 60_000;

/** Repairs queues slowly, one bounded step at a time: recovers jobs that are in no place, deletes old dead letters. */
export class Sweeper {
  readonly #core: Core;
  readonly #queues: () => Iterable<QueueKeys>;
  /** By queue. */
  readonly #positions = new Map<string, SweepPosition>();

  /** @param queues the queues to maintain; called in every step. */
  constructor(core: Core, queues: () => Iterable<QueueKeys>) {
    this.#core = core;
    this.#queues = queues;
  }

  /** One step in all queues; resolves to the time until the next one, ms. */
  readonly run = async (): Promise<number> => {
    let isDone = true;
    for (const keys of [...this.#queues()]) {
      const deleted = await this.#deleteOldDeadLetters(keys);
      if (!(await this.#step(keys)) || deleted > 0) isDone = false;
    }
    if (!isDone) return STEP_EVERY_MS;
    this.#positions.clear();
    return SWEEP_EVERY_MS * (0.5 + Math.random());
  };

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
