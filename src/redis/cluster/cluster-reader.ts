import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from 'ioredis';
import { systemClock } from '../../clock.ts';
import { parseEndpoint } from '../address/redis-url.ts';
import { type ConnectOptions, connectForBlocking, whenReady } from '../connect.ts';
import { isNoGroup } from '../faults.ts';
import { BlockingReader } from '../reads/blocking-reader.ts';
import type { StreamEntries, StreamRead, StreamReader } from '../reads/stream-reader.ts';
import { slotOf } from './slots.ts';

/** A slot whose read has failed is read again after this long, ms. */
const REST_MS = 200;
/** Most ms to wait for a connection to a node. */
const CONNECT_MS = 1_000;
/** A read that has not ended so long after its interrupt is given up, with its connection. */
const END_MS = 500;

interface SlotReader {
  /** As Cluster names it, `host:port`. */
  readonly node: string;
  readonly reader: BlockingReader;
}

/**
 * Reads streams of several slots at one time. Redis lets one read name streams of one slot only, so each slot has a connection to
 * the node that serves it. The first read that brings something ends the others. One that fails, because its node is lost, does not
 * end them. It begins again at the node that serves the slot by then.
 */
export class ClusterReader implements StreamReader {
  readonly #options: ConnectOptions;
  readonly #cluster: Cluster;
  readonly #readers = new Map<number, SlotReader>();
  #running: OpenRead | undefined;
  /** What failed beside reads that brought something: the next read rejects with it. */
  #fault: unknown;

  constructor(options: ConnectOptions, cluster: Cluster) {
    this.#options = options;
    this.#cluster = cluster;
  }

  async read(read: StreamRead): Promise<StreamEntries> {
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault !== undefined) throw fault;
    const slots = new Map<number, string[]>();
    for (const stream of read.streams) {
      const slot = slotOf(stream);
      slots.set(slot, [...(slots.get(slot) ?? []), stream]);
    }
    this.#dropExcept(slots);
    const open = new OpenRead(read);
    this.#running = open;
    try {
      const ended = await Promise.allSettled(
        [...slots].map(([slot, streams]) => this.#readSlot(slot, streams, open)),
      );
      return this.#entriesOf(ended, open);
    } finally {
      this.#running = undefined;
    }
  }

  async interrupt(): Promise<void> {
    this.#running?.end();
  }

  whenReady(deadlineMs: number): Promise<boolean> {
    return whenReady(this.#cluster, deadlineMs);
  }

  disconnect(): void {
    this.#running?.end();
    for (const slot of [...this.#readers.keys()]) this.#drop(slot);
  }

  #entriesOf(ended: readonly PromiseSettledResult<StreamEntries>[], open: OpenRead): StreamEntries {
    const entries = ended.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    const refused = ended.find((one) => one.status === 'rejected');
    const fault: unknown = refused?.reason ?? open.fault;
    if (fault !== undefined && entries.length === 0) throw fault;
    this.#fault = fault;
    return entries;
  }

  async #readSlot(slot: number, streams: readonly string[], open: OpenRead): Promise<StreamEntries> {
    for (;;) {
      const leftMs = open.leftMs;
      if (open.isOver || leftMs <= 0) return [];
      try {
        const entries = await this.#readNode(slot, streams, open, leftMs);
        if (entries.length > 0) open.end();
        return entries;
      } catch (error) {
        this.#drop(slot);
        this.#cluster.refreshSlotsCache();
        if (isNoGroup(error)) {
          open.end();
          throw error;
        }
        open.fault ??= error;
        await open.rest();
      }
    }
  }

  async #readNode(
    slot: number,
    streams: readonly string[],
    { run, onEnd }: OpenRead,
    leftMs: number,
  ): Promise<StreamEntries> {
    const reader = await this.#readerOf(slot);
    const cut = { timer: undefined as NodeJS.Timeout | undefined };
    const stopHearing = onEnd(() => {
      void reader.interrupt().catch(() => undefined);
      cut.timer = setTimeout(() => reader.disconnect(), END_MS);
    });
    try {
      return await reader.read({ streams, blockMs: Math.ceil(leftMs), run });
    } finally {
      stopHearing();
      clearTimeout(cut.timer);
    }
  }

  /** The reader at the node that serves the slot now. @throws {Error} when no node does. */
  async #readerOf(slot: number): Promise<BlockingReader> {
    const node = this.#cluster.slots[slot]?.[0];
    const endpoint = node === undefined ? undefined : parseEndpoint(node);
    if (node === undefined || endpoint === undefined)
      throw new Error("Cluster isn't ready: no node serves a slot.");
    const known = this.#readers.get(slot);
    if (known?.node === node) return known.reader;
    this.#drop(slot);
    const blocking = connectForBlocking(this.#options, endpoint);
    const commands = this.#cluster
      .nodes('master')
      .find(({ options }) => `${options.host}:${options.port}` === node);
    const reader = new BlockingReader(blocking, commands ?? blocking);
    this.#readers.set(slot, { node, reader });
    await whenReady(blocking, CONNECT_MS);
    return reader;
  }

  #dropExcept(slots: ReadonlyMap<number, unknown>): void {
    for (const slot of [...this.#readers.keys()]) if (!slots.has(slot)) this.#drop(slot);
  }

  #drop(slot: number): void {
    this.#readers.get(slot)?.reader.disconnect();
    this.#readers.delete(slot);
  }
}

/** One call of `read`, which has a read at each slot. */
class OpenRead {
  readonly run: StreamRead['run'];
  readonly #endsAt: number;
  readonly #listeners = new Set<() => void>();
  readonly #ending = new AbortController();
  /** The first fault of a slot. */
  fault: unknown;

  constructor({ run, blockMs }: StreamRead) {
    this.run = run;
    this.#endsAt = systemClock.monotonic() + blockMs;
  }

  get isOver(): boolean {
    return this.#ending.signal.aborted;
  }

  get leftMs(): number {
    return this.#endsAt - systemClock.monotonic();
  }

  /** Ends the reads at all slots. */
  end(): void {
    if (this.isOver) return;
    this.#ending.abort();
    for (const listener of this.#listeners) listener();
  }

  /** Calls back when the reads are to end. Returns the function that ends this. */
  readonly onEnd = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.isOver) listener();
    return () => this.#listeners.delete(listener);
  };

  /** Waits before the next try. */
  async rest(): Promise<void> {
    const ms = Math.max(0, Math.min(REST_MS, this.leftMs));
    await sleep(ms, undefined, { signal: this.#ending.signal }).catch(() => undefined);
  }
}
