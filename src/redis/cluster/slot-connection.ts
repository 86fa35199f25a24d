import type { Cluster } from 'ioredis';
import { type ConnectOptions, connectForBlocking, whenReady } from '../connect.ts';
import type { ServerConnection } from '../connection.ts';
import { BlockingReader } from '../reads/blocking-reader.ts';
import type { StreamEntries, StreamRead } from '../reads/stream-reader.ts';
import type { Pass } from './pass.ts';
import { endpointOf, nodeOf } from './primaries.ts';

/** How much longer than it may block a read may take, and how long its end may take, ms. */
const REPLY_MS = 2_000;

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

  /** Opens the connection if need be, and waits for it at most so long. @throws {Error} when no node serves the slot. */
  async isReadyWithin(ms: number, pass: Pass): Promise<boolean> {
    const { blocking } = this.#open();
    if (blocking.status === 'ready') return true;
    const slept = pass.sleep(ms).then(() => false);
    return (await Promise.race([whenReady(blocking, ms), slept])) || slept;
  }

  /** @throws {Error} also when the node does not answer in time; the caller then drops the connection. */
  async read({ streams, blockMs, run }: StreamRead, pass: Pass): Promise<StreamEntries> {
    const { reader } = this.#open();
    const timers: NodeJS.Timeout[] = [];
    let isOver = false;
    const late = new Promise<never>((_, reject) => {
      const giveUpAfter = (ms: number) =>
        timers.push(setTimeout(() => reject(new Error('Socket timeout: a read was not answered.')), ms));
      giveUpAfter(blockMs + REPLY_MS);
      void pass.ended.then(() => {
        if (isOver) return;
        giveUpAfter(REPLY_MS);
        void reader.interrupt().catch(() => undefined);
      });
    });
    try {
      return await Promise.race([reader.read({ streams, blockMs, run }), late]);
    } finally {
      isOver = true;
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

  #open(): Opened {
    if (this.#opened !== undefined && this.#opened.blocking.status !== 'end' && !this.isOutdated)
      return this.#opened;
    this.drop();
    const node = this.#node;
    const endpoint = node === undefined ? undefined : endpointOf(node);
    // After MOVED the name may lack a host, until the nodes are asked again.
    if (node === undefined || endpoint === undefined || endpoint.host === '')
      throw new Error("Cluster isn't ready: no node serves a slot.");
    const blocking = connectForBlocking(this.#options, endpoint);
    const commands = this.#cluster.nodes('master').find((one) => nodeOf(one) === node);
    this.#opened = { node, blocking, reader: new BlockingReader(blocking, commands ?? blocking) };
    return this.#opened;
  }
}
