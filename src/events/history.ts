import { invalidCursor } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { type HistoryPage, type HistoryQuery, isEventType } from '../schemas/event.ts';
import { timeMs } from '../schemas/values/timestamp.ts';
import { decodeEvents, type PositionedEvent } from './decode.ts';
import { comparePositions, formatPosition, type Position, parsePosition } from './position.ts';

/** Entries per read. */
const READ_COUNT = 200;
/** Reads per page. A page of a rare type may therefore be short; the next page goes on from its end. */
const MAX_READS = 25;
const DEFAULT_LIMIT = 100;

/**
 * Events of a queue in a range of time, a page at a time. A cursor is the id of the last event that was read.
 *
 * @throws {AppError} invalid-request for a cursor that no page gave.
 */
export async function readHistory(
  redis: Connection,
  keys: QueueKeys,
  query: HistoryQuery,
): Promise<HistoryPage> {
  const { limit = DEFAULT_LIMIT, order = 'asc' } = query;
  const types = query.type === undefined ? undefined : new Set(query.type.split(',').filter(isEventType));
  const items: PositionedEvent[] = [];
  let last = query.cursor === undefined ? undefined : positionOf(query.cursor);
  for (let step = 0; step < MAX_READS; step += 1) {
    const entries = await readEntries(redis, keys.events, query, last);
    for (const [id, fields] of entries) {
      for (const one of inOrder(decodeEvents({ queue: keys.queue, id, fields }, false, types), order)) {
        if (last !== undefined && isAlreadyRead(one.position, last, order)) continue;
        // One more event than fits: the page ends before it.
        if (items.length === limit) return page(items, last);
        last = one.position;
        items.push(one);
      }
    }
    if (entries.length < READ_COUNT) return page(items, undefined);
    const [end] = entries.at(-1) ?? [];
    if (end !== undefined)
      last = { entry: end, seen: order === 'asc' ? Number.POSITIVE_INFINITY : 0, queue: '' };
  }
  return page(items, last);
}

const page = (items: readonly PositionedEvent[], last: Position | undefined): HistoryPage => ({
  items: items.map(({ event }) => event),
  ...(last !== undefined && { nextCursor: formatPosition(last, false) }),
});

function readEntries(
  redis: Connection,
  key: string,
  { from, to, order }: HistoryQuery,
  last: Position | undefined,
): Promise<[string, string[]][]> {
  const first = from === undefined ? '-' : String(toMs(from));
  // Ids of that millisecond come after it.
  const end = to === undefined ? '+' : `(${toMs(to)}-0`;
  if (order === 'desc') return redis.xrevrange(key, last?.entry ?? end, first, 'COUNT', READ_COUNT);
  return redis.xrange(key, last?.entry ?? first, end, 'COUNT', READ_COUNT);
}

/** Redis has no time before 1970. `Date` has no leap seconds: one counts as the second before it. */
const toMs = (time: string): number => Math.max(1, timeMs(time));

const inOrder = (events: PositionedEvent[], order: 'asc' | 'desc'): PositionedEvent[] =>
  order === 'asc' ? events : events.reverse();

function isAlreadyRead(position: Position, last: Position, order: 'asc' | 'desc'): boolean {
  const compared = comparePositions(position, last);
  return order === 'asc' ? compared <= 0 : compared >= 0;
}

function positionOf(cursor: string): Position {
  const position = parsePosition(cursor, false);
  if (position !== undefined) return position;
  throw invalidCursor();
}
