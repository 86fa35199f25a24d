import { Redis, type RedisOptions } from 'ioredis';
import { PrimaryConnector, type PrimarySource } from './primary-connector.ts';

/**
 * A connection to the primary that comes back from every state until its owner closes it. Each state has a deadline: asking
 * sentinels and opening the socket about a second each, the first commands `socketTimeout`. So none is wedged.
 */
export class SteadyRedis extends Redis {
  readonly #retryInMs: PrimarySource['retryInMs'];
  #isClosed = false;
  #revivals = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: Omit<RedisOptions, 'replyMapping'>, source: PrimarySource) {
    super({
      ...options,
      Connector: class extends PrimaryConnector {
        constructor() {
          super(source);
        }
      },
    });
    this.#retryInMs = source.retryInMs;
    this.on('ready', () => {
      this.#revivals = 0;
    });
    this.on('end', () => this.#revive());
  }

  override disconnect(reconnect = false): void {
    if (!reconnect) {
      this.#isClosed = true;
      clearTimeout(this.#timer);
    }
    // It reconnects already. A further order would end it for ever while sentinels are asked: taskforcesh/bullmq#4378.
    else if (this.status !== 'ready' && this.status !== 'connect') return;
    super.disconnect(reconnect);
  }

  #revive(): void {
    if (this.#isClosed) return;
    this.#revivals += 1;
    this.#timer = setTimeout(() => {
      if (!this.#isClosed && this.status === 'end') this.connect().catch(() => undefined);
    }, this.#retryInMs(this.#revivals));
  }
}
