import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { isUnavailable } from '../redis/faults.ts';
import type { Cursor, EventLog, Page } from './event-log.ts';
import { comparePositions, type Position } from './position.ts';
import { type Reader, Subscribers } from './subscribers.ts';
import { WakeableSleep } from './wakeable-sleep.ts';

/** A queue is told of by hints, but looked at this often by itself, ms; so are the queues that there are. */
const LOOK_AGAIN_MS = 1_500;
const RETRY_MS = 200;

/** Calls the function when something may have happened in the queue; resolves to what ends that. */
export type Watch = (queue: string, wake: () => void) => Promise<() => void>;

/**
 * All readers of one queue, or of all queues. What happens is read once for all of them.
 *
 * A reader that begins in the past reads for itself, page by page and no faster than it can take them, until it is where
 * the others are. A fault loses nothing: reading goes on from the last place.
 */
export class Channel {
  readonly #source: EventLog;
  readonly #watch: Watch;
  readonly #onDefect: (error: unknown) => void;
  readonly #live = new Subscribers();
  /** Readers that have come, but read for themselves. */
  readonly #behind = new Set<Reader>();
  readonly #watched = new Map<string, () => void>();
  #cursor: Cursor | undefined;
  #starting: Promise<Cursor> | undefined;
  #pumping: Promise<void> | undefined;
  readonly #sleeper = new WakeableSleep();
  /** Whether something in between may be gone. */
  #isInDoubt = false;

  /** @param onDefect told of what is no fault of Redis. */
  constructor(source: EventLog, watch: Watch, onDefect: (error: unknown) => void) {
    this.#source = source;
    this.#watch = watch;
    this.#onDefect = onDefect;
  }

  get isIdle(): boolean {
    return this.#live.isEmpty && this.#behind.size === 0;
  }

  /** Resolves once the reader is told of everything that happens; of what came after the place it was told before. */
  async serve(reader: Reader, from: Position): Promise<void> {
    this.#behind.add(reader);
    try {
      const live = await this.#start();
      const cursor: Cursor = { position: from, gaps: new Set() };
      while (!reader.isClosed) {
        const page = await this.#source.read(cursor, true);
        for (const gap of page.gaps) reader.reset(gap, this.#source.format(gap.position));
        for (const batch of page.batches) {
          reader.deliver(batch);
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

  /** Tells all readers that they are not forgotten, and those that have all how far they are. */
  idle(): void {
    for (const reader of this.#behind) reader.idle(undefined);
    const position = this.#cursor?.position;
    this.#live.idle(position && this.#source.format(position), position);
  }

  /** Ends the reading when there are no readers, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#sleeper.wake();
    await this.#pumping;
  }

  async #start(): Promise<Cursor> {
    if (this.#pumping !== undefined && this.#cursor !== undefined) return this.#cursor;
    this.#starting ??= this.#begin().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #begin(): Promise<Cursor> {
    const cursor: Cursor = { position: await this.#source.now(), gaps: new Set() };
    this.#cursor = cursor;
    this.#pumping ??= this.#pump(cursor);
    return cursor;
  }

  async #pump(cursor: Cursor): Promise<void> {
    while (!this.isIdle) {
      this.#sleeper.rearm();
      const pauseMs = await this.#pass(cursor);
      if (pauseMs > 0) await this.#sleeper.sleep(pauseMs);
    }
    this.#pumping = undefined;
    for (const unwatch of this.#watched.values()) unwatch();
    this.#watched.clear();
  }

  /** Tells what has happened; returns how long to wait for more, ms. */
  async #pass(cursor: Cursor): Promise<number> {
    try {
      const page = await this.#source.read(cursor, this.#isInDoubt);
      this.#isInDoubt = false;
      for (const gap of page.gaps) {
        for (const reader of this.#live.all()) reader.reset(gap, this.#source.format(gap.position));
      }
      await this.#tell(page, cursor);
      // What happens before it is watched is seen by the next look.
      if (await this.#watchAll(page.queues)) return 0;
      return page.more ? 0 : (page.againInMs ?? LOOK_AGAIN_MS);
    } catch (error) {
      this.#isInDoubt = true;
      // The connections report their own faults, which go by.
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

  async #tell(page: Page, cursor: Cursor): Promise<void> {
    for (const [i, batch] of page.batches.entries()) {
      if (i > 0) await yieldToOthers();
      this.#live.deliver(batch);
      cursor.position = batch.end;
    }
    cursor.position = page.position;
  }

  async #watchAll(queues: readonly string[]): Promise<boolean> {
    const fresh = queues.filter((queue) => !this.#watched.has(queue));
    await Promise.all(
      fresh.map(async (queue) => {
        this.#watched.set(queue, await this.#watch(queue, this.#sleeper.wake));
      }),
    );
    return fresh.length > 0;
  }
}
