import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Batch } from './batch.ts';
import type { Gap } from './gaps.ts';
import { comparePositions, formatPosition, type Position } from './position.ts';
import type { Cursor, EventSource, Page } from './source.ts';

/** Somebody who reads events. */
export interface Reader {
  /** Only events of this job; undefined for all. */
  readonly job: string | undefined;
  readonly isClosed: boolean;
  deliver(batch: Batch): void;
  /** Events may be missing here; goes on from the id. */
  reset(gap: Gap, id: string): void;
  /** Resolves when the reader can take more, or has closed. */
  ready(): Promise<void>;
  /** Nothing of interest has happened up to the id. */
  idle(id: string | undefined): void;
}

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
  readonly #source: EventSource;
  readonly #watch: Watch;
  readonly #live = new Set<Reader>();
  readonly #ofJobs = new Map<string, Set<Reader>>();
  /** Readers that have come, but read for themselves. */
  readonly #behind = new Set<Reader>();
  /** Live readers that are ahead of the others, until these have caught up. */
  readonly #ahead = new Map<Reader, Position>();
  readonly #watched = new Map<string, () => void>();
  #cursor: Cursor | undefined;
  #starting: Promise<Cursor> | undefined;
  #pumping: Promise<void> | undefined;
  #hints = 0;
  #wake: (() => void) | undefined;
  /** Whether something in between may be gone. */
  #isInDoubt = false;

  constructor(source: EventSource, watch: Watch) {
    this.#source = source;
    this.#watch = watch;
  }

  get isIdle(): boolean {
    return this.#live.size + this.#behind.size + this.#ofJobs.size === 0;
  }

  now(): Promise<Position> {
    return this.#source.now();
  }

  format(position: Position): string {
    return formatPosition(position, this.#source.ofAll);
  }

  /** Resolves once the reader is told of everything that happens; of what came after the place it was told before. */
  async serve(reader: Reader, from: Position): Promise<void> {
    this.#behind.add(reader);
    try {
      const live = await this.#start();
      const cursor: Cursor = { position: from, gaps: new Set() };
      while (!reader.isClosed) {
        const page = await this.#source.read(cursor, true);
        for (const gap of page.gaps) reader.reset(gap, this.format(gap.position));
        for (const batch of page.batches) {
          reader.deliver(batch);
          await reader.ready();
        }
        cursor.position = page.position;
        const order = comparePositions(cursor.position, live.position);
        if (page.more || order < 0) continue;
        this.#join(reader);
        if (order > 0) this.#ahead.set(reader, cursor.position);
        return;
      }
    } finally {
      this.#behind.delete(reader);
    }
  }

  /** Pages of what came after a place, for somebody who only looks. */
  async *look(from: Position): AsyncGenerator<Page> {
    const cursor: Cursor = { position: from, gaps: new Set() };
    for (let more = true; more; ) {
      const page = await this.#source.read(cursor, true);
      cursor.position = page.position;
      yield page;
      ({ more } = page);
    }
  }

  leave(reader: Reader): void {
    this.#live.delete(reader);
    this.#ahead.delete(reader);
    if (reader.job === undefined) return;
    const readers = this.#ofJobs.get(reader.job);
    readers?.delete(reader);
    if (readers?.size === 0) this.#ofJobs.delete(reader.job);
  }

  /** Tells all readers that they are not forgotten, and those that have all how far they are. */
  idle(): void {
    for (const reader of this.#behind) reader.idle(undefined);
    const id = this.#cursor === undefined ? undefined : this.format(this.#cursor.position);
    for (const reader of this.#all()) reader.idle(this.#ahead.has(reader) ? undefined : id);
  }

  /** Ends the reading when there are no readers, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#hint();
    await this.#pumping;
  }

  #join(reader: Reader): void {
    if (reader.job === undefined) {
      this.#live.add(reader);
      return;
    }
    const readers = this.#ofJobs.get(reader.job) ?? new Set();
    this.#ofJobs.set(reader.job, readers.add(reader));
  }

  *#all(): Generator<Reader> {
    yield* this.#live;
    for (const readers of this.#ofJobs.values()) yield* readers;
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
      const hints = this.#hints;
      const pauseMs = await this.#pass(cursor);
      if (hints === this.#hints && pauseMs > 0) await this.#sleep(pauseMs);
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
        for (const reader of this.#all()) reader.reset(gap, this.format(gap.position));
      }
      await this.#tell(page, cursor);
      // What happens before it is watched is seen by the next look.
      if (await this.#watchAll(page.queues)) return 0;
      return page.more ? 0 : (page.againInMs ?? LOOK_AGAIN_MS);
    } catch {
      // The connections report their own faults.
      this.#isInDoubt = true;
      return RETRY_MS;
    }
  }

  async #tell(page: Page, cursor: Cursor): Promise<void> {
    for (const [i, batch] of page.batches.entries()) {
      if (i > 0) await yieldToOthers();
      for (const reader of this.#live) this.#deliver(reader, batch);
      if (this.#ofJobs.size > 0) this.#deliverToJobs(batch);
      cursor.position = batch.end;
    }
    cursor.position = page.position;
  }

  #deliverToJobs(batch: Batch): void {
    const readers = new Set<Reader>();
    for (const { event } of batch.events) {
      for (const reader of this.#ofJobs.get(event.job ?? '') ?? []) readers.add(reader);
    }
    for (const reader of readers) this.#deliver(reader, batch);
  }

  #deliver(reader: Reader, batch: Batch): void {
    const position = this.#ahead.get(reader);
    if (position === undefined) {
      reader.deliver(batch);
      return;
    }
    if (comparePositions(batch.end, position) >= 0) this.#ahead.delete(reader);
    reader.deliver(batch.after(position));
  }

  async #watchAll(queues: readonly string[]): Promise<boolean> {
    const fresh = queues.filter((queue) => !this.#watched.has(queue));
    await Promise.all(
      fresh.map(async (queue) => {
        this.#watched.set(queue, await this.#watch(queue, this.#hint));
      }),
    );
    return fresh.length > 0;
  }

  readonly #hint = (): void => {
    this.#hints += 1;
    this.#wake?.();
  };

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}
