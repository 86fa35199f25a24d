import type { Clock } from '../../clock.ts';
import type { Connection } from '../../redis/connection.ts';
import type { KeyRate } from '../caller.ts';
import { type TakenTokens, takeTokens } from './scripts/take-tokens.ts';

/** The bucket of a key after a request. */
export interface RateState extends Omit<TakenTokens, 'taken'> {
  readonly isAllowed: boolean;
}

/** Buckets known to be empty that a process remembers. */
const MAX_EMPTY = 10_000;

/** Requests of one key that wait for one command. */
interface Waiting {
  readonly rate: KeyRate;
  readonly resolves: ((state: RateState) => void)[];
  readonly rejects: ((error: unknown) => void)[];
}

/**
 * The rates of keys: one bucket for each in Redis, which all API processes share. Requests that come while a command for their
 * key is under way share the next one, and a bucket that is known to be empty is not asked.
 */
export class KeyRates {
  readonly #redis: Connection;
  readonly #bucketOf: (id: string) => string;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  readonly #busy = new Set<string>();
  /** Key -> until when its bucket is empty, monotonic ms, and when it is full. */
  readonly #empty = new Map<string, { readonly nextAt: number; readonly fullAt: number }>();

  /** @param bucketOf the Redis key of the bucket of an API key. */
  constructor(redis: Connection, bucketOf: (id: string) => string, clock: Clock) {
    this.#redis = redis;
    this.#bucketOf = bucketOf;
    this.#clock = clock;
  }

  /** Takes a token for a request of the key. Rejects while Redis is unavailable: a limit that nobody can count is reached. */
  take(id: string, rate: KeyRate): RateState | Promise<RateState> {
    const empty = this.#empty.get(id);
    const now = this.#clock.monotonic();
    if (empty !== undefined && now < empty.nextAt) {
      return { isAllowed: false, left: 0, nextInMs: empty.nextAt - now, fullInMs: empty.fullAt - now };
    }
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(id) ?? { rate, resolves: [], rejects: [] };
      waiting.resolves.push(resolve);
      waiting.rejects.push(reject);
      this.#waiting.set(id, waiting);
      if (!this.#busy.has(id)) void this.#askAll(id);
    });
  }

  /** Asks for all that wait, until none does. Never rejects. */
  async #askAll(id: string): Promise<void> {
    this.#busy.add(id);
    for (let waiting = this.#next(id); waiting !== undefined; waiting = this.#next(id)) {
      const { rate, resolves, rejects } = waiting;
      try {
        this.#share(id, resolves, await takeTokens(this.#redis, this.#bucketOf(id), rate, resolves.length));
      } catch (error) {
        for (const reject of rejects) reject(error);
      }
    }
    this.#busy.delete(id);
  }

  #next(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  /** Those that came first get the tokens. */
  #share(id: string, resolves: Waiting['resolves'], { taken, left, nextInMs, fullInMs }: TakenTokens): void {
    if (left === 0) this.#noteEmpty(id, nextInMs, fullInMs);
    else this.#empty.delete(id);
    for (const [i, resolve] of resolves.entries()) {
      resolve({ isAllowed: i < taken, left: left + Math.max(0, taken - 1 - i), nextInMs, fullInMs });
    }
  }

  #noteEmpty(id: string, nextInMs: number, fullInMs: number): void {
    if (this.#empty.size >= MAX_EMPTY) this.#empty.clear();
    const now = this.#clock.monotonic();
    this.#empty.set(id, { nextAt: now + nextInMs, fullAt: now + fullInMs });
  }
}
