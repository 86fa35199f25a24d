import { Redis, type RedisOptions } from 'ioredis';
import { systemClock } from '../../clock.ts';
import { endpointText } from '../address/redis-url.ts';
import { toldAddress } from '../address/told-address.ts';
import { PrimaryConnector, type PrimarySource } from './primary-connector.ts';

/** A server without replicas is doubted at most once in so many ms. */
const DOUBT_MS = 1_000;

/**
 * A connection to the primary that comes back from every state until its owner closes it. Each state has a deadline: asking
 * sentinels and opening the socket about a second each, the first commands `socketTimeout`. So none is wedged.
 */
export class SteadyRedis extends Redis {
  readonly #source: PrimarySource;
  readonly #connector: PrimaryConnector | undefined;
  #doubtedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #revivals = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: Omit<RedisOptions, 'replyMapping'>, source: PrimarySource) {
    const connectors: PrimaryConnector[] = [];
    super({
      ...options,
      Connector: class extends PrimaryConnector {
        constructor() {
          super(source);
          connectors.push(this);
        }
      },
    });
    this.#source = source;
    this.#connector = connectors[0];
    this.options.reconnectOnError = (error) => {
      if (error.message.startsWith('NOREPLICAS')) void this.#doubt();
      return options.reconnectOnError?.(error) ?? false;
    };
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

  /** An error of the connection to the primary, with the address that the sentinels tell. */
  placed(error: Error): Error {
    const primary = this.#connector?.primary;
    if (this.status !== 'connecting' || primary === undefined) return error;
    return new Error(`${toldAddress(endpointText(primary), 'sentinels')}: ${error.message}`, {
      cause: error,
    });
  }

  /**
   * Leaves a primary that has lost its replicas if the sentinels name another one. After SENTINEL FAILOVER they leave the old primary
   * in its role for some ten seconds, where it refuses all writes.
   */
  async #doubt(): Promise<void> {
    const now = systemClock.monotonic();
    if (now - this.#doubtedAt < DOUBT_MS) return;
    this.#doubtedAt = now;
    const told = await this.#source.find().catch(() => undefined);
    const used = this.#connector?.primary;
    if (told === undefined || used === undefined || endpointText(told) === endpointText(used)) return;
    if (this.status === 'ready') this.disconnect(true);
  }

  #revive(): void {
    if (this.#isClosed) return;
    this.#revivals += 1;
    this.#timer = setTimeout(() => {
      if (!this.#isClosed && this.status === 'end') this.connect().catch(() => undefined);
    }, this.#source.retryInMs(this.#revivals));
  }
}
