import type { Cluster } from 'ioredis';
import type { ConnectOptions } from '../connect.ts';
import { isNoGroup, isRedirected } from '../faults.ts';
import type { StreamEntries, StreamRead } from '../reads/stream-reader.ts';
import { Pass } from './pass.ts';
import { SlotConnection } from './slot-connection.ts';

/** How often a slot is looked at that has no open read, ms. */
export const LOOK_MS = 250;

export interface SlotListener {
  onEntries(entries: StreamEntries, read: StreamRead): void;
  /** A node that cannot be asked is told once. */
  onFault(error: unknown): void;
  /** Whether somebody waits for entries now. */
  isAwaited(): boolean;
}

/**
 * Keeps a read of the streams of one slot open.
 *
 * States: closed -> open (`open`) -> closed (it has brought something, nobody waits any more when its time is over, or `close`).
 * While no read can be open, because its connection is not ready or the slot moves, it looks every `LOOK_MS` through the connection for
 * commands, which finds the node that serves the slot.
 */
export class SlotReader {
  readonly #cluster: Cluster;
  readonly #connection: SlotConnection;
  readonly #listener: SlotListener;
  #wanted: StreamRead | undefined;
  #isLooking = false;
  #pass: Pass | undefined;
  /** The last try to keep a read open has failed. */
  #hasFailed = false;
  #isTold = false;

  constructor(options: ConnectOptions, cluster: Cluster, slot: number, listener: SlotListener) {
    this.#cluster = cluster;
    this.#connection = new SlotConnection(options, cluster, slot);
    this.#listener = listener;
  }

  /** It has no connection of its own. */
  get isLooking(): boolean {
    return this.#isLooking;
  }

  /** Opens the read. One of the same streams from the same positions stays open; another one ends. */
  open(read: StreamRead, isLooking: boolean): void {
    const stays = isSame(this.#wanted, read) && this.#isLooking === isLooking;
    this.#wanted = read;
    this.#isLooking = isLooking;
    if (stays) return;
    if (this.#pass === undefined) void this.#run();
    else this.#pass.end();
  }

  /** Resolves once nothing is open, and what came has been told. */
  async close(): Promise<void> {
    this.#wanted = undefined;
    this.#pass?.end();
    await this.#pass?.over;
  }

  /** Goes on at the node that serves the slot now. */
  follow(): void {
    if (this.#connection.isOutdated) this.#pass?.end();
  }

  /** Closes at once. What is under way is lost. */
  disconnect(): void {
    void this.close();
    this.#connection.drop();
  }

  async #run(): Promise<void> {
    for (let read = this.#wanted; read !== undefined; read = this.#wanted) {
      const pass = new Pass();
      this.#pass = pass;
      try {
        this.#tell(read, await this.#readOnce(read, pass));
      } catch (error) {
        await this.#failed(error, pass);
      }
      this.#pass = undefined;
      pass.done();
    }
  }

  async #readOnce(read: StreamRead, pass: Pass): Promise<StreamEntries> {
    if (await this.#canStayOpen(pass)) {
      if (pass.isEnded) return [];
      // A lost reply may have brought something: it is told each time.
      this.#isTold = false;
      return this.#connection.read(read, pass);
    }
    if (pass.isEnded) return [];
    const entries = await read.run(this.#cluster, read.streams, 0);
    this.#hasFailed = false;
    if (this.#isLooking) this.#isTold = false;
    return entries ?? [];
  }

  /** Whether the connection is ready; else it is time for a look. */
  async #canStayOpen(pass: Pass): Promise<boolean> {
    if (this.#hasFailed) return false;
    if (!this.#isLooking) return this.#connection.isReadyWithin(LOOK_MS, pass);
    this.#connection.drop();
    await pass.sleep(LOOK_MS);
    return false;
  }

  #tell(read: StreamRead, entries: StreamEntries): void {
    const isWanted = isSame(this.#wanted, read);
    if (entries.length === 0) {
      if (!this.#listener.isAwaited()) this.#wanted = undefined;
      return;
    }
    if (isWanted) this.#wanted = undefined;
    // Positions have gone on meanwhile: another read brings the entries again.
    if (isWanted || read.onEarly !== undefined) this.#listener.onEntries(entries, read);
  }

  async #failed(error: unknown, pass: Pass): Promise<void> {
    this.#connection.drop();
    // A redirected command was not run. Streams that move away to another node end their reads, too.
    if (isNoGroup(error) && !isRedirected(error)) {
      this.#wanted = undefined;
      this.#listener.onFault(error);
      return;
    }
    this.#cluster.refreshSlotsCache();
    this.#hasFailed = true;
    if (!this.#isTold && !isRedirected(error)) {
      this.#isTold = true;
      this.#listener.onFault(error);
    }
    await pass.sleep(LOOK_MS);
  }
}

function isSame(one: StreamRead | undefined, other: StreamRead): boolean {
  return one !== undefined && areSame(one.streams, other.streams) && areSame(one.after, other.after);
}

function areSame(some: readonly string[] = [], others: readonly string[] = []): boolean {
  return some.length === others.length && some.every((one, i) => one === others[i]);
}
