import type { EventChunk } from './event-chunk.ts';
import type { Gap } from './gaps.ts';
import { comparePositions, type Position } from './position.ts';

/** A client that reads events. */
export interface Reader {
  /** Only events of this job; undefined for all. */
  readonly job: string | undefined;
  readonly isClosed: boolean;
  deliver(chunk: EventChunk): void;
  /** Events may be missing here; reading goes on from the id. */
  reset(gap: Gap, id: string): void;
  /** Resolves when the reader can take more, or is closed. */
  ready(): Promise<void>;
  /** No event for this reader up to the id; undefined while it is still catching up. */
  idle(id: string | undefined): void;
  /** Events cannot be read because of a defect. The reader gets nothing more. */
  fail(): void;
}

/** Readers that get the same chunks at the same time. Readers of one job get only chunks with events of it. */
export class Subscribers {
  readonly #ofAll = new Set<Reader>();
  readonly #ofJobs = new Map<string, Set<Reader>>();
  /** Readers that have read further than the others, until these have caught up. */
  readonly #ahead = new Map<Reader, Position>();

  get isEmpty(): boolean {
    return this.#ofAll.size + this.#ofJobs.size === 0;
  }

  *all(): Generator<Reader> {
    yield* this.#ofAll;
    for (const readers of this.#ofJobs.values()) yield* readers;
  }

  /** @param ahead how far the reader has read, if that is further than the others. */
  join(reader: Reader, ahead: Position | undefined): void {
    if (ahead !== undefined) this.#ahead.set(reader, ahead);
    if (reader.job === undefined) {
      this.#ofAll.add(reader);
      return;
    }
    const readers = this.#ofJobs.get(reader.job) ?? new Set();
    this.#ofJobs.set(reader.job, readers.add(reader));
  }

  leave(reader: Reader): void {
    this.#ofAll.delete(reader);
    this.#ahead.delete(reader);
    if (reader.job === undefined) return;
    const readers = this.#ofJobs.get(reader.job);
    readers?.delete(reader);
    if (readers?.size === 0) this.#ofJobs.delete(reader.job);
  }

  deliver(chunk: EventChunk): void {
    for (const reader of this.#ofAll) this.#deliverTo(reader, chunk);
    if (this.#ofJobs.size === 0) return;
    const readers = new Set<Reader>();
    for (const { event } of chunk.events) {
      for (const reader of this.#ofJobs.get(event.job ?? '') ?? []) readers.add(reader);
    }
    for (const reader of readers) this.#deliverTo(reader, chunk);
  }

  /** Passes on that nothing has happened up to the position, whose id is given. */
  idle(id: string | undefined, position: Position | undefined): void {
    for (const [reader, ahead] of this.#ahead) {
      if (position !== undefined && comparePositions(position, ahead) >= 0) this.#ahead.delete(reader);
    }
    for (const reader of this.all()) reader.idle(this.#ahead.has(reader) ? undefined : id);
  }

  #deliverTo(reader: Reader, chunk: EventChunk): void {
    const position = this.#ahead.get(reader);
    if (position === undefined) {
      reader.deliver(chunk);
      return;
    }
    if (comparePositions(chunk.end, position) >= 0) this.#ahead.delete(reader);
    reader.deliver(chunk.after(position));
  }
}
