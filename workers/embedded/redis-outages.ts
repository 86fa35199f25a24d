import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';
import type { Listener } from '../../src/observer.ts';
import { withoutSecrets } from '../../src/redis/address/redis-url.ts';
import { contactAdvice } from '../../src/redis/server/contact.ts';

/** Everything that fails is tried again within a second: after a longer silence nothing fails any more. */
const QUIET_MS = 2_000;
const LOOK_EVERY_MS = 250;

export interface RedisOutagesParts {
  /** The value of REDIS_URL. */
  readonly url: string;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Whether Redis answers. A connection may look open although nobody answers. */
  readonly isAnswering: () => Promise<boolean>;
  /** An outage begins. */
  readonly onBegin: (error: Error) => void;
}

/**
 * Makes one error of all that fail while Redis is away. An outage begins with the first of them. It ends when nothing has
 * failed for `QUIET_MS` and Redis answers.
 */
export class RedisOutages implements Listener {
  readonly #parts: RedisOutagesParts;
  #current: Error | undefined;
  #lastAt = 0;
  #isStopped = false;

  constructor(parts: RedisOutagesParts) {
    this.#parts = parts;
  }

  /** The error of the outage that lasts now. */
  get current(): Error | undefined {
    return this.#current;
  }

  readonly wants: Listener['wants'] = (kind) => kind === 'redis-trouble';

  readonly observe: Listener['observe'] = (event) => {
    if (event.kind === 'redis-trouble') this.failed(event.error);
  };

  /** Something has failed since Redis is away. Returns the error of the outage. */
  failed(cause: unknown): Error {
    const { url, clock, onBegin } = this.#parts;
    this.#lastAt = clock.monotonic();
    if (this.#current !== undefined) return this.#current;
    const error = outageError(url, cause);
    this.#current = error;
    void this.#untilOver();
    if (!this.#isStopped) onBegin(error);
    return error;
  }

  /** From now on it tells nothing. */
  stop(): void {
    this.#isStopped = true;
  }

  async #untilOver(): Promise<void> {
    const { clock, isAnswering } = this.#parts;
    while (this.#current !== undefined && !this.#isStopped) {
      await sleep(LOOK_EVERY_MS, undefined, { ref: false });
      const lastAt = this.#lastAt;
      const isQuiet = clock.monotonic() - lastAt >= QUIET_MS;
      if (isQuiet && (await isAnswering()) && this.#lastAt === lastAt) this.#current = undefined;
    }
  }
}

function outageError(url: string, cause: unknown): Error {
  const address = withoutSecrets(url);
  const reason = reasonOf(cause);
  if (cause instanceof Error && cause.name === 'ReplyError') {
    const todo = contactAdvice(reason) ?? 'Mend that Redis, or set redisUrl or REDIS_URL to another.';
    return new Error(`The Redis at ${address} refuses (${reason}). ${todo} ${GOES_ON}`, { cause });
  }
  const advice = NOT_THERE.test(reason) ? undefined : contactAdvice(reason);
  const todo = advice ?? 'Start it, or set redisUrl or REDIS_URL to the Redis of the service.';
  return new Error(`No Redis answers at ${address} (${reason}). ${todo} ${GOES_ON}`, { cause });
}

const GOES_ON = 'The worker tries again until it succeeds.';
const NOT_THERE = /^(ECONNREFUSED|ENOENT)$/;
/** The words of the Redis client for a command that had no connection, or lost it. */
const NO_CONNECTION = /Stream isn't writeable|Connection is closed|connection close|max retries per request/;

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if ('code' in cause && typeof cause.code === 'string' && NOT_THERE.test(cause.code)) return cause.code;
  return NO_CONNECTION.test(cause.message) ? 'the connection has ended' : cause.message;
}
