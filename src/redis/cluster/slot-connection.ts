import type { Cluster } from 'ioredis';
import { parseEndpoint } from '../address/redis-url.ts';
import { type ConnectOptions, connectForBlocking, whenReady } from '../connect.ts';
import type { ServerConnection } from '../connection.ts';
import { BlockingReader } from '../reads/blocking-reader.ts';
import type { StreamEntries, StreamRead } from '../reads/stream-reader.ts';
import type { Pass } from './pass.ts';
import { nodeOf } from './primaries.ts';

/** Most ms to wait for a connection to a node. */
const CONNECT_MS = 1_000;
/** How much longer than it may block a read may take. */
const REPLY_MS = 2_000;
/** A read that has not ended so long after its interrupt is given up. */
const END_MS = 500;

interface Opened {
  /** As Cluster names it, `host:port`. */
  readonly node: string;
  readonly blocking: ServerConnection;
  readonly reader: BlockingReader;
}

/**
 * The connection for blocking reads of one slot, to the node that serves it. It is not reconnected: one that has ended, or is to another
 * node, is replaced with the next read.
 */
export class SlotConnection {
  readonly #options: ConnectOptions;
  readonly #cluster: Cluster;
  readonly #slot: number;
  #opened: Opened | undefined;

  constructor(options: ConnectOptions, cluster: Cluster, slot: number) {
    this.#options = options;
    this.#cluster = cluster;
    this.#slot = slot;
  }

  /** Another node serves the slot now. */
  get isOutdated(): boolean {
    return this.#opened !== undefined && this.#opened.node !== this.#node;
  }

  /** @throws {Error} also when the node does not answer in time; the caller then drops the connection. */
  async read({ streams, blockMs, run }: StreamRead, pass: Pass): Promise<StreamEntries> {
    const reader = await this.#connected();
    if (pass.isEnded) return [];
    const timers: NodeJS.Timeout[] = [];
    const late = new Promise<never>((_, reject) => {
      const giveUpAfter = (ms: number) =>
        timers.push(setTimeout(() => reject(new Error('Socket timeout: a read was not answered.')), ms));
      giveUpAfter(blockMs + REPLY_MS);
      pass.onEnd(() => {
        giveUpAfter(END_MS);
        void reader.interrupt().catch(() => undefined);
      });
    });
    try {
      return await Promise.race([reader.read({ streams, blockMs, run }), late]);
    } finally {
      pass.onEnd(undefined);
      for (const timer of timers) clearTimeout(timer);
    }
  }

  drop(): void {
    this.#opened?.reader.disconnect();
    this.#opened = undefined;
  }

  get #node(): string | undefined {
    return this.#cluster.slots[this.#slot]?.[0];
  }

  async #connected(): Promise<BlockingReader> {
    if (this.#opened?.blocking.status === 'ready' && !this.isOutdated) return this.#opened.reader;
    this.drop();
    const node = this.#node;
    const endpoint = node === undefined ? undefined : parseEndpoint(node);
    if (node === undefined || endpoint === undefined)
      throw new Error("Cluster isn't ready: no node serves a slot.");
    const blocking = connectForBlocking(this.#options, endpoint);
    const commands = this.#cluster.nodes('master').find((one) => nodeOf(one) === node);
    const reader = new BlockingReader(blocking, commands ?? blocking);
    this.#opened = { node, blocking, reader };
    await whenReady(blocking, CONNECT_MS);
    return reader;
  }
}
