import type { Core } from '../core/core.ts';
import { expiredDeadLetters, purgeDead } from '../lifecycle/scripts/dead-letters.ts';
import { SWEEP_START, type SweepPosition, sweep } from '../lifecycle/scripts/sweep.ts';
import type { Observer } from '../observer.ts';
import type { Connection } from '../redis/connect.ts';
import type { QueueKeys } from '../redis/keys.ts';

/** Between two steps of one sweep. */
const STEP_EVERY_MS = 100;
/** Between two sweeps; drawn from half to one and a half of it, so that many workers do not sweep together. */
const SWEEP_EVERY_MS = 60_000;

/** Slow upkeep of queues, one bounded step at a time: jobs in no place are found, old dead letters dropped. */
export class Sweeper {
  readonly #redis: Connection;
  readonly #queues: () => Iterable<QueueKeys>;
  readonly #deadTtlMs: number;
  readonly #observe: Observer;
  /** By queue. */
  readonly #positions = new Map<string, SweepPosition>();

  /** @param queues those to look after, asked for in every pass. */
  constructor({ redis, settings, observe }: Core, queues: () => Iterable<QueueKeys>) {
    this.#redis = redis;
    this.#queues = queues;
    this.#deadTtlMs = settings.deadTtlMs;
    this.#observe = observe;
  }

  readonly run = async (): Promise<number> => {
    let done = true;
    for (const keys of this.#queues()) {
      const dropped = await purgeDead(
        this.#redis,
        keys,
        await expiredDeadLetters(this.#redis, keys, this.#deadTtlMs),
      );
      if (!(await this.#step(keys)) || dropped > 0) done = false;
    }
    if (!done) return STEP_EVERY_MS;
    this.#positions.clear();
    return SWEEP_EVERY_MS * (0.5 + Math.random());
  };

  /** True when the sweep of this queue is at its end. */
  async #step(keys: QueueKeys): Promise<boolean> {
    const position = this.#positions.get(keys.queue) ?? SWEEP_START;
    if (position === 'end') return true;
    const { found, next } = await sweep(this.#redis, keys, position);
    if (found > 0) this.#observe({ kind: 'recovered', queue: keys.queue, jobs: found, cause: 'stray' });
    this.#positions.set(keys.queue, next);
    return next === 'end';
  }
}
