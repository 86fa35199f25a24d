import type { EventChunk } from './event-chunk.ts';
import type { Gap } from './gaps.ts';
import { comparePositions, type Position } from './position.ts';

/** Somebody who reads events. */
export interface Reader {
  /** Only events of this job; undefined for all. */
  readonly job: string | undefined;
  readonly isClosed: boolean;
  deliver(batch: EventChunk): void;
  /** Events may be missing here; goes on from the id. */
  reset(gap: Gap, id: string): void;
  /** Resolves when the reader can take more, or has closed. */
  ready(): Promise<void>;
  /** Nothing of interest has happened up to the id. */
  idle(id: string | undefined): void;
  /** What happens cannot be read, because of a defect. It is told nothing more. */
  fail(): void;
}

/** Readers that are told the same at the same time; those of one job only what holds events of it. */
export class Subscribers {
  readonly #ofAll = new Set<Reader>();
  readonly #ofJobs = new Map<string, Set<Reader>>();
  /** Readers that are ahead of the others, until these have caught up. */
  readonly #ahead = new Map<Reader, Position>();

  get isEmpty(): boolean {
    return this.#ofAll.size + this.#ofJobs.size === 0;
  }

  *all(): Generator<Reader> {
    yield* this.#ofAll;
    for (const readers of this.#ofJobs.values()) yield* readers;
  }

  /** @param ahead what the reader has been told already, if that is more than the others were. */
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

  deliver(batch: EventChunk): void {
    for (const reader of this.#ofAll) this.#deliverTo(reader, batch);
    if (this.#ofJobs.size === 0) return;
    const readers = new Set<Reader>();
    for (const { event } of batch.events) {
      for (const reader of this.#ofJobs.get(event.job ?? '') ?? []) readers.add(reader);
    }
    for (const reader of readers) this.#deliverTo(reader, batch);
  }

  /** Tells all that nothing of interest has happened up to the position, which has this id. */
  idle(id: string | undefined, position: Position | undefined): void {
    for (const [reader, ahead] of this.#ahead) {
      if (position !== undefined && comparePositions(position, ahead) >= 0) this.#ahead.delete(reader);
    }
    for (const reader of this.all()) reader.idle(this.#ahead.has(reader) ? undefined : id);
  }

  #deliverTo(reader: Reader, batch: EventChunk): void {
    const position = this.#ahead.get(reader);
    if (position === undefined) {
      reader.deliver(batch);
      return;
    }
    if (comparePositions(batch.end, position) >= 0) this.#ahead.delete(reader);
    reader.deliver(batch.after(position));
  }
}
