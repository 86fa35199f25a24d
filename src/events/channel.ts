import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { isUnavailable } from '../redis/faults.ts';
import type { EventLog, EventPage, ReadCursor } from './event-log.ts';
import { comparePositions, type Position } from './position.ts';
import { type Reader, Subscribers } from './subscribers.ts';
import { WakeableSleep } from './wakeable-sleep.ts';

/** Hints may be lost: each queue, and the list of queues, is read again after this time without one. */
const READ_AGAIN_MS = 1_500;
const RETRY_MS = 200;

/** Calls `wake` when something may have happened in the queue; resolves to the function that ends the watch. */
export type Watch = (queue: string, wake: () => void) => Promise<() => void>;

/**
 * All readers of one queue, or of all queues. New events are read from Redis once for all of them.
 *
 * A reader that starts in the past reads its own pages, no faster than it can take them, until it has caught up with the
 * others. A fault loses nothing: reading goes on from the last position.
 */
export class Channel {
  readonly #log: EventLog;
  readonly #watch: Watch;
  readonly #onDefect: (error: unknown) => void;
  readonly #live = new Subscribers();
  /** Readers that still read their own pages. */
  readonly #behind = new Set<Reader>();
  readonly #watched = new Map<string, () => void>();
  #cursor: ReadCursor | undefined;
  #starting: Promise<ReadCursor> | undefined;
  #looping: Promise<void> | undefined;
  readonly #sleep = new WakeableSleep();
  /** Events may have been trimmed since the last read, which failed. */
  #mayHaveGaps = false;

  /** @param onDefect called for errors other than an unavailable Redis. */
  constructor(log: EventLog, watch: Watch, onDefect: (error: unknown) => void) {
    this.#log = log;
    this.#watch = watch;
    this.#onDefect = onDefect;
  }

  get isIdle(): boolean {
    return this.#live.isEmpty && this.#behind.size === 0;
  }

  /** Delivers the events after `from`, then resolves: the reader has joined those that get new events. */
  async serve(reader: Reader, from: Position): Promise<void> {
    this.#behind.add(reader);
    try {
      const live = await this.#start();
      const cursor: ReadCursor = { position: from, gaps: new Set() };
      while (!reader.isClosed) {
        const page = await this.#log.read(cursor, true);
        for (const gap of page.gaps) reader.reset(gap, this.#log.format(gap.position));
        for (const chunk of page.chunks) {
          reader.deliver(chunk);
          await reader.ready();
        }
        cursor.position = page.position;
        const order = comparePositions(cursor.position, live.position);
        if (page.more || order < 0) continue;
        this.#live.join(reader, order > 0 ? cursor.position : undefined);
        return;
      }
    } finally {
      this.#behind.delete(reader);
    }
  }

  leave(reader: Reader): void {
    this.#live.leave(reader);
  }

  /** Sends a sign of life to all readers; those that have everything also get the present position. */
  idle(): void {
    for (const reader of this.#behind) reader.idle(undefined);
    const position = this.#cursor?.position;
    this.#live.idle(position && this.#log.format(position), position);
  }

  /** Stops reading once there are no readers; resolves when the loop has ended. */
  async stop(): Promise<void> {
    this.#sleep.wake();
    await this.#looping;
  }

  async #start(): Promise<ReadCursor> {
    if (this.#looping !== undefined && this.#cursor !== undefined) return this.#cursor;
    this.#starting ??= this.#begin().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #begin(): Promise<ReadCursor> {
    const cursor: ReadCursor = { position: await this.#log.now(), gaps: new Set() };
    this.#cursor = cursor;
    this.#looping ??= this.#loop(cursor);
    return cursor;
  }

  async #loop(cursor: ReadCursor): Promise<void> {
    while (!this.isIdle) {
      this.#sleep.rearm();
      const pauseMs = await this.#readOnce(cursor);
      if (pauseMs > 0) await this.#sleep.sleep(pauseMs);
    }
    this.#looping = undefined;
    for (const unwatch of this.#watched.values()) unwatch();
    this.#watched.clear();
  }

  /** Reads and delivers one page; returns the ms to wait before the next read. */
  async #readOnce(cursor: ReadCursor): Promise<number> {
    try {
      const page = await this.#log.read(cursor, this.#mayHaveGaps);
      this.#mayHaveGaps = false;
      for (const gap of page.gaps) {
        for (const reader of this.#live.all()) reader.reset(gap, this.#log.format(gap.position));
      }
      await this.#deliver(page, cursor);
      // Events that came before the watch began are found by the next read.
      if (await this.#watchAll(page.queues)) return 0;
      return page.more ? 0 : (page.retryInMs ?? READ_AGAIN_MS);
    } catch (error) {
      this.#mayHaveGaps = true;
      // The connection reports its own faults, and they pass.
      if (!isUnavailable(error)) this.#fail(error);
      return RETRY_MS;
    }
  }

  #fail(error: unknown): void {
    this.#onDefect(error);
    for (const reader of [...this.#live.all()]) {
      this.#live.leave(reader);
      reader.fail();
    }
  }

  async #deliver(page: EventPage, cursor: ReadCursor): Promise<void> {
    for (const [i, chunk] of page.chunks.entries()) {
      if (i > 0) await yieldToOthers();
      this.#live.deliver(chunk);
      cursor.position = chunk.end;
    }
    cursor.position = page.position;
  }

  async #watchAll(queues: readonly string[]): Promise<boolean> {
    const fresh = queues.filter((queue) => !this.#watched.has(queue));
    await Promise.all(
      fresh.map(async (queue) => {
        this.#watched.set(queue, await this.#watch(queue, this.#sleep.wake));
      }),
    );
    return fresh.length > 0;
  }
}
