import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector } from 'ioredis';
import { type Endpoint, endpointText } from '../address/redis-url.ts';
import type { RedisTls } from '../address/target.ts';

export interface PrimarySource {
  /** Finds the primary. Never hangs; rejects when nobody knows it. */
  readonly find: () => Promise<Endpoint>;
  /** Undefined without TLS. */
  readonly tls: RedisTls | undefined;
  /** The wait before the next try, ms; `attempt` from 1. */
  readonly retryInMs: (attempt: number) => number;
}

/** How long a closing connection may still send, ms. */
const DISCONNECT_MS = 2_000;

type Emit = (type: string, error: Error) => void;

/**
 * Opens the sockets of a connection that follows the primary: each time it asks where the primary is now. That of ioredis
 * asks one sentinel after the other, so that a dead one costs each connection its timeout.
 */
export class PrimaryConnector extends AbstractConnector {
  readonly #source: PrimarySource;
  #emit: Emit = () => undefined;
  #primary: Endpoint | undefined;

  constructor(source: PrimarySource) {
    super(DISCONNECT_MS);
    this.#source = source;
  }

  /** Where the last socket leads; undefined while the sentinels are asked. */
  get primary(): Endpoint | undefined {
    return this.#primary;
  }

  /** ioredis asks before the first command. False: it connects again. */
  override check({ role }: { role?: string }): boolean {
    if (role === undefined || role === 'master') return true;
    const where = this.#primary === undefined ? 'Redis' : endpointText(this.#primary);
    this.#emit('error', new Error(`${where} is a replica, although the sentinels call it the primary`));
    return false;
  }

  /** Tries until it knows the primary. Rejects once the connection is to close. */
  async connect(emit: Emit): Promise<Socket> {
    this.#emit = emit;
    this.connecting = true;
    this.#primary = undefined;
    const primary = await this.#find(emit);
    this.#primary = primary;
    const { tls } = this.#source;
    const stream = tls ? connectTls({ ...primary, ...tls }) : createConnection(primary);
    stream.once('error', (error: Error) => {
      this.firstError = error;
    });
    this.stream = stream;
    return stream;
  }

  async #find(emit: Emit): Promise<Endpoint> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.#source.find().catch((error: Error) => error);
      this.#throwIfClosed();
      if (!(found instanceof Error)) return found;
      emit('error', found);
      await sleep(this.#source.retryInMs(attempt));
      this.#throwIfClosed();
    }
  }

  #throwIfClosed(): void {
    if (!this.connecting) throw new Error('Connection is closed.');
  }
}
