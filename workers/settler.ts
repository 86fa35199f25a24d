import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../src/clock.ts';
import type { Observer } from '../src/observer.ts';
import type { Completion, Consumer, Failure, Held, Settled } from '../src/queue/consume.ts';
import { latencyField } from '../src/queue/latency.ts';
import { isUnavailable } from '../src/redis/connect.ts';
import type { QueueKeys } from '../src/redis/keys.ts';

interface Waiting {
  completion: Completion;
  times: { waitMs: number; runMs: number };
  resolve: (settled: Settled) => void;
  reject: (error: unknown) => void;
}

const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;
/** Completions in one call: bounds the time for which the script keeps Redis busy. */
const MAX_GROUP = 200;
/** Characters of results in one call, but for a single one that is longer: bounds what is held twice. */
const MAX_GROUP_LENGTH = 4_194_304;

/**
 * Writes outcomes. Completions are grouped for each queue: the first goes at once, those that come while it
 * is on its way share the next call. A write that Redis could not take is repeated until it can, or until
 * `giveUp`: every move may be repeated, since only the first changes anything.
 */
export class Settler {
  readonly #consumer: Consumer;
  readonly #clock: Clock;
  readonly #observe: Observer;
  readonly #maxDead: number;
  readonly #groups = new Map<QueueKeys, Waiting[]>();
  readonly #flushing = new Set<QueueKeys>();
  readonly #givenUp = new AbortController();

  /** @param maxDead most dead letters that a queue keeps. */
  constructor(consumer: Consumer, clock: Clock, observe: Observer, maxDead: number) {
    this.#maxDead = maxDead;
    this.#consumer = consumer;
    this.#clock = clock;
    this.#observe = observe;
  }

  complete(keys: QueueKeys, completion: Completion, times: Waiting['times']): Promise<Settled> {
    return new Promise((resolve, reject) => {
      const group = this.#groups.get(keys) ?? [];
      group.push({ completion, times, resolve, reject });
      this.#groups.set(keys, group);
      if (!this.#flushing.has(keys)) void this.#flush(keys, group);
    });
  }

  retry(keys: QueueKeys, failure: Failure, delayMs: number): Promise<Settled> {
    return this.#persist('retry', () => this.#consumer.retry(keys, failure, delayMs));
  }

  bury(keys: QueueKeys, failure: Failure): Promise<Settled> {
    return this.#persist('bury', () => this.#consumer.bury(keys, failure, this.#maxDead));
  }

  release(keys: QueueKeys, jobs: readonly Held[], delayMs = 0): Promise<Settled[]> {
    return this.#persist('release', () => this.#consumer.release(keys, jobs, delayMs));
  }

  /** Repeats nothing from now on: what Redis cannot take is left to the recovery by others. */
  giveUp(): void {
    this.#givenUp.abort();
  }

  async #flush(keys: QueueKeys, group: Waiting[]): Promise<void> {
    this.#flushing.add(keys);
    while (group.length > 0) {
      const batch = group.splice(0, groupSize(group));
      try {
        const settled = await this.#persist('complete', () =>
          this.#consumer.complete(
            keys,
            batch.map(({ completion }) => completion),
            histogram(batch),
            this.#clock.wall(),
          ),
        );
        batch.forEach(({ resolve }, i) => {
          resolve(settled[i] ?? 'stale');
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#flushing.delete(keys);
  }

  async #persist<T>(move: string, write: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await write();
      } catch (error) {
        if (!isUnavailable(error) || this.#givenUp.signal.aborted) throw error;
        if (failures === 0) this.#observe({ kind: 'redis-trouble', where: move, error });
        const pause = Math.min(FIRST_BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS);
        await sleep(pause, undefined, { signal: this.#givenUp.signal }).catch(() => undefined);
      }
    }
  }
}

/** How many of those that wait go in the next call. */
function groupSize(group: readonly Waiting[]): number {
  let length = 0;
  const over = group.findIndex(({ completion }, i) => {
    length += completion.tail.length;
    return i > 0 && (i >= MAX_GROUP || length > MAX_GROUP_LENGTH);
  });
  return over === -1 ? group.length : over;
}

function histogram(batch: readonly Waiting[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { times } of batch) {
    for (const field of [latencyField('wait', times.waitMs), latencyField('run', times.runMs)]) {
      counts.set(field, (counts.get(field) ?? 0) + 1);
    }
  }
  return counts;
}
