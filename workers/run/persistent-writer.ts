import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, Failure, Held, Settled, Unrunnable } from '../../src/lifecycle/consumer.ts';
import { redisBackoffMs } from '../../src/maintenance/redis-backoff.ts';
import type { Observer } from '../../src/observer.ts';
import { isUnavailable } from '../../src/redis/faults.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';

/**
 * Writes outcomes that leave no result. A write that Redis could not take is repeated until Redis takes it, or until
 * `giveUp`. Repeating is safe: only the first move of a delivery changes anything.
 */
export class PersistentWriter {
  readonly #consumer: Consumer;
  readonly #observe: Observer;
  readonly #givenUp = new AbortController();

  constructor(consumer: Consumer, observe: Observer) {
    this.#consumer = consumer;
    this.#observe = observe;
  }

  retry(keys: QueueKeys, failure: Failure, delayMs: number): Promise<Settled> {
    return this.#persist('retry', () => this.#consumer.retry(keys, failure, delayMs));
  }

  /** @param maxDead most dead letters that the queue keeps. */
  bury(keys: QueueKeys, failure: Failure, maxDead: number): Promise<Settled> {
    return this.#persist('bury', () => this.#consumer.bury(keys, failure, maxDead));
  }

  release(keys: QueueKeys, jobs: readonly Held[], delayMs = 0): Promise<Settled[]> {
    return this.#persist('release', () => this.#consumer.release(keys, jobs, delayMs));
  }

  hold(keys: QueueKeys, jobs: readonly Unrunnable[]): Promise<Settled[]> {
    return this.#persist('hold', () => this.#consumer.hold(keys, jobs));
  }

  checkpoint(keys: QueueKeys, delivery: Omit<Held, 'begun'>, text: string): Promise<boolean> {
    return this.#persist('checkpoint', () => this.#consumer.recordCheckpoint(keys, delivery, text));
  }

  /** Repeats nothing from now on: jobs whose outcome Redis cannot store are recovered by other workers. */
  giveUp(): void {
    this.#givenUp.abort();
  }

  async #persist<T>(move: string, write: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await write();
      } catch (error) {
        if (!isUnavailable(error) || this.#givenUp.signal.aborted) throw error;
        if (failures === 0) this.#observe({ kind: 'redis-trouble', where: move, error });
        await sleep(redisBackoffMs(failures), undefined, { signal: this.#givenUp.signal }).catch(
          () => undefined,
        );
      }
    }
  }
}
