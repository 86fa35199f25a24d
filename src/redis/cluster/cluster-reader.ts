import type { Cluster } from 'ioredis';
import { type ConnectOptions, whenReady } from '../connect.ts';
import type { StreamEntries, StreamRead, StreamReader } from '../reads/stream-reader.ts';
import { SlotReader } from './slot-reader.ts';
import { slotOf } from './slots.ts';

/** Most streams whose slot is remembered. */
const MOST_KNOWN = 10_000;

/** A call of `read` that waits. */
interface Waiting {
  readonly timer: NodeJS.Timeout;
  readonly resolve: (entries: StreamEntries) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads streams of several slots at one time. Redis lets one read name streams of one slot only, so each slot has a read of its own, at
 * the node that serves it. When one brings something, the others stay open for the next call. `docs/decisions/0045` says more.
 */
export class ClusterReader implements StreamReader {
  readonly #options: ConnectOptions;
  readonly #cluster: Cluster;
  readonly #mostOpen: number;
  readonly #slots = new Map<number, SlotReader>();
  readonly #closing = new Set<Promise<void>>();
  readonly #slotOfStream = new Map<string, number>();
  #waiting: Waiting | undefined;
  /** What failed while nobody waited: the next call rejects with it. */
  #fault: unknown;

  /** @param mostOpen slots whose read may stay open, each on a connection of its own. Others are looked at now and then. */
  constructor(options: ConnectOptions, cluster: Cluster, mostOpen: number) {
    this.#options = options;
    this.#cluster = cluster;
    this.#mostOpen = mostOpen;
    cluster.on('refresh', this.#follow);
  }

  async read(read: StreamRead): Promise<StreamEntries> {
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault !== undefined) throw fault;
    this.#open(read);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#stopWaiting()?.resolve([]), read.blockMs);
      this.#waiting = { timer, resolve, reject };
    });
  }

  async interrupt(): Promise<void> {
    this.#stopWaiting()?.resolve([]);
  }

  async endReads(): Promise<void> {
    this.#stopWaiting()?.resolve([]);
    await Promise.all([...[...this.#slots.values()].map((slot) => slot.close()), ...this.#closing]);
  }

  whenReady(deadlineMs: number): Promise<boolean> {
    return whenReady(this.#cluster, deadlineMs);
  }

  disconnect(): void {
    this.#cluster.off('refresh', this.#follow);
    for (const slot of this.#slots.values()) slot.disconnect();
    this.#slots.clear();
    this.#stopWaiting()?.resolve([]);
  }

  #open(read: StreamRead): void {
    const parts = this.#bySlot(read);
    let openCount = 0;
    for (const [slot, reader] of this.#slots) {
      if (parts.has(slot)) openCount += reader.isLooking ? 0 : 1;
      else this.#close(slot, reader);
    }
    for (const [slot, part] of parts) {
      const known = this.#slots.get(slot);
      const isOpen = known !== undefined && !known.isLooking;
      const mayOpen = isOpen || openCount < this.#mostOpen;
      if (mayOpen && !isOpen) openCount += 1;
      (known ?? this.#add(slot)).open(part, !mayOpen);
    }
  }

  #bySlot(read: StreamRead): Map<number, StreamRead> {
    const parts = new Map<number, { streams: string[]; after: string[] }>();
    for (const [i, stream] of read.streams.entries()) {
      const slot = this.#slotOf(stream);
      const part = parts.get(slot) ?? { streams: [], after: [] };
      parts.set(slot, part);
      part.streams.push(stream);
      if (read.after !== undefined) part.after.push(read.after[i] ?? '0-0');
    }
    return new Map([...parts].map(([slot, part]) => [slot, { ...read, ...part }]));
  }

  #slotOf(stream: string): number {
    const known = this.#slotOfStream.get(stream);
    if (known !== undefined) return known;
    if (this.#slotOfStream.size >= MOST_KNOWN) this.#slotOfStream.clear();
    const slot = slotOf(stream);
    this.#slotOfStream.set(stream, slot);
    return slot;
  }

  #add(slot: number): SlotReader {
    const reader = new SlotReader(this.#options, this.#cluster, slot, {
      onEntries: (entries, { onEarly }) => {
        const waiting = this.#stopWaiting();
        if (waiting === undefined) onEarly?.(entries);
        else waiting.resolve(entries);
      },
      onFault: (error) => {
        const waiting = this.#stopWaiting();
        if (waiting === undefined) this.#fault ??= error;
        else waiting.reject(error);
      },
      isAwaited: () => this.#waiting !== undefined,
    });
    this.#slots.set(slot, reader);
    return reader;
  }

  #close(slot: number, reader: SlotReader): void {
    this.#slots.delete(slot);
    const closing = reader.close().then(() => {
      reader.disconnect();
      this.#closing.delete(closing);
    });
    this.#closing.add(closing);
  }

  #stopWaiting(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    clearTimeout(waiting?.timer);
    return waiting;
  }

  readonly #follow = (): void => {
    for (const slot of this.#slots.values()) slot.follow();
  };
}
