import { isCluster } from '../redis/cluster/slots.ts';
import type { Connection } from '../redis/connection.ts';
import { entryTime } from '../redis/job-id.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { redisTime } from '../redis/server-time.ts';
import type { GapReason } from '../schemas/event-stream.ts';
import { type VisibleQueues, visibleOf } from '../schemas/values/visible-queues.ts';
import { decodeEvents, type PositionedEvent } from './decode.ts';
import { EventChunk } from './event-chunk.ts';
import { findGaps, type Gap } from './gaps.ts';
import { lastEventEntry, readEvents, type StreamsReading } from './log-reads.ts';
import { type MergedEntries, mergeEntries } from './merge.ts';
import {
  AFTER_NOTHING,
  comparePositions,
  formatPosition,
  type Position,
  readAfter,
  START,
} from './position.ts';

/** How far a reader has read. */
export interface ReadCursor {
  position: Position;
  /** Queues whose gap the reader has got already. */
  readonly gaps: Set<string>;
}

export interface EventPage {
  readonly gaps: readonly Gap[];
  readonly chunks: readonly EventChunk[];
  /** Where to read on. */
  readonly position: Position;
  /** Whether there is more to read at once. */
  readonly more: boolean;
  /** Some events are held back for so long, ms; undefined when none are. */
  readonly retryInMs: number | undefined;
  readonly queues: readonly string[];
}

/** Entries of one read, over all queues. */
const PAGE = 500;
const MAX_PER_QUEUE = 100;
/** With fewer, a busy queue among many would need several reads for most of its events. */
const MIN_PER_QUEUE = 10;
/** Events of one chunk, which is one write to each reader: bounds how long a reader holds up the others. */
const CHUNK_EVENTS = 300;
/** An event is held until its millisecond is over, since another queue may still add to that millisecond. */
const HOLD_MS = 2;
/** How far a reader of all queues goes back after the clock of Redis went back. */
const CLOCK_SLACK_MS = 1_000;

const NOTHING: StreamsReading = { extents: [], entries: new Map() };

/** Reads the events of a queue, or of all queues that its readers may read, in order from any position on. */
export class EventLog {
  readonly ofAll: boolean;
  readonly #redis: Connection;
  readonly #keySpace: KeySpace;
  /** Undefined for all queues. */
  readonly queue: string | undefined;
  /** Which of all queues. */
  readonly visible: VisibleQueues | undefined;

  /** @param queue undefined for all queues, or those that are visible. */
  constructor(
    redis: Connection,
    keySpace: KeySpace,
    queue: string | undefined,
    visible: VisibleQueues | undefined = undefined,
  ) {
    this.#redis = redis;
    this.#keySpace = keySpace;
    this.queue = queue;
    this.visible = visible;
    this.ofAll = queue === undefined;
  }

  /** The id that readers see for a position. */
  format(position: Position): string {
    return formatPosition(position, this.ofAll);
  }

  /** The position after the last event. */
  async now(): Promise<Position> {
    if (this.queue === undefined) return atTime(await redisTime(this.#redis));
    return afterLast(await lastEventEntry(this.#redis, this.#keySpace.queue(this.queue).events));
  }

  /**
   * The next events, and the gaps where events were trimmed. For one queue gaps are always checked, since that is cheap.
   * For all queues they are checked only on request, or when one read was not enough: only then can events be missing.
   */
  async read({ position, gaps: reported }: ReadCursor, checkGaps: boolean): Promise<EventPage> {
    const { queues, before } = await this.#scope(position);
    if (before < entryTime(position.entry)) {
      return this.#wentBack(atTime(Math.max(0, before - CLOCK_SLACK_MS)), queues);
    }
    const check = checkGaps || !this.ofAll;
    let next = await this.#next(queues, position, before, check);
    if (next.merged.hasMore && !check) next = await this.#next(queues, position, before, true);
    const { extents, merged } = next;
    const { gaps, start } = findGaps(queues, extents, position, reported, this.ofAll);
    if (start !== position)
      return { gaps, chunks: [], position: start, more: true, retryInMs: undefined, queues };
    if (!merged.hasMore) reported.clear();
    const events = merged.entries.flatMap((entry) => decodeEvents(entry, this.ofAll));
    return {
      gaps,
      chunks: toChunks(events.filter((one) => comparePositions(one.position, position) > 0)),
      position: this.#endOf(position, merged, before, extents),
      more: merged.hasMore && merged.entries.length > 0,
      retryInMs: merged.isHeld ? HOLD_MS : undefined,
      queues,
    };
  }

  /** All pages after a position. */
  async *pagesAfter(from: Position): AsyncGenerator<EventPage> {
    const cursor: ReadCursor = { position: from, gaps: new Set() };
    for (let more = true; more; ) {
      const page = await this.read(cursor, true);
      cursor.position = page.position;
      yield page;
      ({ more } = page);
    }
  }

  /** The queues, and a time, Unix ms: no queue outside the list has events before it. */
  async #scope({ queue }: Position): Promise<{ queues: string[]; before: number }> {
    if (this.queue !== undefined) return { queues: [this.queue], before: Number.POSITIVE_INFINITY };
    // In this order: a queue that is not listed yet cannot have events from before that time. One server keeps the order by itself.
    const time = redisTime(this.#redis);
    if (isCluster(this.#redis)) await time;
    const [before, names] = await Promise.all([time, this.#redis.smembers(this.#keySpace.queues)]);
    // A position may name any queue: a client has sent it.
    const queues = visibleOf([...new Set(queue === '' ? names : [...names, queue])], this.visible);
    return { queues: [...queues].sort(), before };
  }

  /** The next entries of all queues; with `check` also what each stream still holds. */
  async #next(
    queues: readonly string[],
    position: Position,
    before: number,
    check: boolean,
  ): Promise<{ extents: StreamsReading['extents']; merged: MergedEntries }> {
    const share = Math.ceil(PAGE / Math.max(1, queues.length));
    const count = Math.min(MAX_PER_QUEUE, Math.max(MIN_PER_QUEUE, share));
    const streams = queues.map((queue) => ({ key: this.#keyOf(queue), after: readAfter(position, queue) }));
    const { extents, entries } =
      streams.length === 0 ? NOTHING : await readEvents(this.#redis, streams, count, check);
    const found = queues.map((queue) => ({ queue, entries: entries.get(this.#keyOf(queue)) ?? [] }));
    return { extents, merged: mergeEntries(found, count, before) };
  }

  #endOf(
    position: Position,
    { entries, hasMore: isCut }: MergedEntries,
    before: number,
    extents: StreamsReading['extents'],
  ): Position {
    const last = entries.at(-1);
    const reached: Position[] = [position];
    if (last !== undefined) {
      reached.push({ entry: last.id, seen: Number.POSITIVE_INFINITY, queue: this.ofAll ? last.queue : '' });
    }
    if (!isCut && this.ofAll) reached.push(atTime(before));
    if (!isCut && !this.ofAll) reached.push(afterLast(extents[0]?.last));
    return reached.reduce((a, b) => (comparePositions(a, b) < 0 ? b : a));
  }

  #wentBack(position: Position, queues: readonly string[]): EventPage {
    const reason: GapReason = 'clock-went-back';
    return { gaps: [{ reason, position }], chunks: [], position, more: true, retryInMs: undefined, queues };
  }

  #keyOf(queue: string): string {
    return this.#keySpace.queue(queue).events;
  }
}

/** The end of the stream of one queue, whose last entry is given. */
const afterLast = (entry: string = START.entry): Position =>
  entry === START.entry ? AFTER_NOTHING : { entry, seen: Number.POSITIVE_INFINITY, queue: '' };

/** Before all events of a millisecond, in any queue. */
const atTime = (ms: number): Position => (ms <= 0 ? START : { entry: `${ms}-0`, seen: 0, queue: '' });

function toChunks(events: readonly PositionedEvent[]): EventChunk[] {
  const chunks: EventChunk[] = [];
  for (let start = 0; start < events.length; start += CHUNK_EVENTS) {
    const part = events.slice(start, start + CHUNK_EVENTS);
    const last = part.at(-1);
    if (last !== undefined) chunks.push(new EventChunk(part, last.position));
  }
  return chunks;
}
