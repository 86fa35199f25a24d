import type { Connection } from '../redis/connection.ts';
import { entryTime } from '../redis/job-id.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { redisTime } from '../redis/server-time.ts';
import type { GapReason } from '../schemas/event-stream.ts';
import { decodeEvents, type PositionedEvent } from './decode.ts';
import { EventChunk } from './event-chunk.ts';
import { findGaps, type Gap } from './gaps.ts';
import { type EventsReading, lastEventEntry, readEvents } from './log-reads.ts';
import { type Merged, merge } from './merge.ts';
import {
  AFTER_NOTHING,
  comparePositions,
  formatPosition,
  type Position,
  readAfter,
  START,
} from './position.ts';

/** How far somebody has read. */
export interface Cursor {
  position: Position;
  /** Queues of which it is known that events before their oldest one are gone. */
  readonly gaps: Set<string>;
}

export interface Page {
  readonly gaps: readonly Gap[];
  readonly batches: readonly EventChunk[];
  /** Where to read on. */
  readonly position: Position;
  /** Whether there is more to read at once. */
  readonly more: boolean;
  /** Events were seen that may be told in this time, ms. */
  readonly againInMs: number | undefined;
  readonly queues: readonly string[];
}

/** Entries of one read, over all queues. */
const PAGE = 500;
const MAX_PER_QUEUE = 100;
/** With fewer, most of what happens in one of many queues would be more than one read takes. */
const MIN_PER_QUEUE = 10;
/** Events of one batch: one write to each reader, so that nobody is held up for long. */
const BATCH_EVENTS = 300;
/** An event of a millisecond is told when that is over, since another queue may still add to it. */
const HOLD_MS = 2;
/** How far a reader of all queues goes back when the clock of Redis has gone back. */
const CLOCK_SLACK_MS = 1_000;

const NOTHING: EventsReading = { extents: [], entries: new Map() };

/** Reads the events of a queue, or of all queues, in order from any place on. */
export class EventLog {
  readonly ofAll: boolean;
  readonly #redis: Connection;
  readonly #keySpace: KeySpace;
  /** Undefined for all queues. */
  readonly queue: string | undefined;

  /** @param queue undefined for all queues. */
  constructor(redis: Connection, keySpace: KeySpace, queue: string | undefined) {
    this.#redis = redis;
    this.#keySpace = keySpace;
    this.queue = queue;
    this.ofAll = queue === undefined;
  }

  /** The id that a place has for readers. */
  format(position: Position): string {
    return formatPosition(position, this.ofAll);
  }

  /** The place after all that has happened. */
  async now(): Promise<Position> {
    if (this.queue === undefined) return atTime(await redisTime(this.#redis));
    const entry = await lastEventEntry(this.#redis, this.#keySpace.queue(this.queue).events);
    return entry === START.entry ? AFTER_NOTHING : { entry, seen: Number.POSITIVE_INFINITY, queue: '' };
  }

  /**
   * The next events. It also tells whether some in between are gone: of one queue always, since that costs little; of all
   * queues when that is in doubt, or when more has happened than one read takes, since only then may some be gone already.
   */
  async read({ position, gaps: known }: Cursor, inDoubt: boolean): Promise<Page> {
    const { queues, before } = await this.#scope(position);
    if (before < entryTime(position.entry)) {
      return this.#wentBack(atTime(Math.max(0, before - CLOCK_SLACK_MS)), queues);
    }
    const check = inDoubt || !this.ofAll;
    let next = await this.#next(queues, position, before, check);
    if (next.merged.isCut && !check) next = await this.#next(queues, position, before, true);
    const { extents, merged } = next;
    const { gaps, start } = findGaps(queues, extents, position, known, this.ofAll);
    if (start !== position)
      return { gaps, batches: [], position: start, more: true, againInMs: undefined, queues };
    if (!merged.isCut) known.clear();
    const told = merged.entries.flatMap((entry) => decodeEvents(entry, this.ofAll));
    return {
      gaps,
      batches: inBatches(told.filter((one) => comparePositions(one.position, position) > 0)),
      position: this.#endOf(position, merged, before, extents),
      more: merged.isCut && merged.entries.length > 0,
      againInMs: merged.isHeld ? HOLD_MS : undefined,
      queues,
    };
  }

  /** Pages of what came after a place, for somebody who only looks. */
  async *look(from: Position): AsyncGenerator<Page> {
    const cursor: Cursor = { position: from, gaps: new Set() };
    for (let more = true; more; ) {
      const page = await this.read(cursor, true);
      cursor.position = page.position;
      yield page;
      ({ more } = page);
    }
  }

  /** Which queues there are, and a time, Unix ms, before which nothing more will happen in any other one. */
  async #scope({ queue }: Position): Promise<{ queues: string[]; before: number }> {
    if (this.queue !== undefined) return { queues: [this.queue], before: Number.POSITIVE_INFINITY };
    // In this order: a queue that is not listed yet can have no events of before that time.
    const [before, names] = await Promise.all([
      redisTime(this.#redis),
      this.#redis.smembers(this.#keySpace.queues),
    ]);
    return { queues: [...new Set(queue === '' ? names : [...names, queue])].sort(), before };
  }

  /** What comes next in all queues; with `check` also what each still has. */
  async #next(
    queues: readonly string[],
    position: Position,
    before: number,
    check: boolean,
  ): Promise<{ extents: EventsReading['extents']; merged: Merged }> {
    const share = Math.ceil(PAGE / Math.max(1, queues.length));
    const count = Math.min(MAX_PER_QUEUE, Math.max(MIN_PER_QUEUE, share));
    const streams = queues.map((queue) => ({ key: this.#keyOf(queue), after: readAfter(position, queue) }));
    const { extents, entries } =
      streams.length === 0 ? NOTHING : await readEvents(this.#redis, streams, count, check);
    const found = queues.map((queue) => ({ queue, entries: entries.get(this.#keyOf(queue)) ?? [] }));
    return { extents, merged: merge(found, count, before) };
  }

  #endOf(
    position: Position,
    { entries, isCut }: Merged,
    before: number,
    extents: EventsReading['extents'],
  ): Position {
    const last = entries.at(-1);
    const reached: Position[] = [position];
    if (last !== undefined) {
      reached.push({ entry: last.id, seen: Number.POSITIVE_INFINITY, queue: this.ofAll ? last.queue : '' });
    }
    if (!isCut && this.ofAll) reached.push(atTime(before));
    const given = this.ofAll || isCut ? undefined : extents[0]?.last;
    if (given !== undefined) reached.push({ entry: given, seen: Number.POSITIVE_INFINITY, queue: '' });
    return reached.reduce((a, b) => (comparePositions(a, b) < 0 ? b : a));
  }

  #wentBack(position: Position, queues: readonly string[]): Page {
    const reason: GapReason = 'clock-went-back';
    return { gaps: [{ reason, position }], batches: [], position, more: true, againInMs: undefined, queues };
  }

  #keyOf(queue: string): string {
    return this.#keySpace.queue(queue).events;
  }
}

/** Before all that happens in a millisecond, in whatever queue. */
const atTime = (ms: number): Position => (ms <= 0 ? START : { entry: `${ms}-0`, seen: 0, queue: '' });

function inBatches(told: readonly PositionedEvent[]): EventChunk[] {
  const batches: EventChunk[] = [];
  for (let start = 0; start < told.length; start += BATCH_EVENTS) {
    const events = told.slice(start, start + BATCH_EVENTS);
    const last = events.at(-1);
    if (last !== undefined) batches.push(new EventChunk(events, last.position));
  }
  return batches;
}
