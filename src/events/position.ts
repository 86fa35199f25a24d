import { compareEntryIds } from '../redis/job-id.ts';

/**
 * A position between two events. Events of one queue are ordered by their entries; events of several queues by entry id,
 * then by the queue's name.
 */
export interface Position {
  readonly entry: string;
  /** How many events of the entry come before this position; Infinity for all. */
  readonly seen: number;
  /** The queue of the entry; '' in the stream of one queue, and before the entry of any queue. */
  readonly queue: string;
}

/** Before everything. */
export const START: Position = { entry: '0-0', seen: 0, queue: '' };

/** Before everything too, for a reader that has seen the stream empty. */
export const AFTER_NOTHING: Position = { ...START, seen: 1 };

/** Redis gives far shorter numbers, and refuses longer ones. */
const EVENT_ID = /^(\d{1,15}-\d{1,15})(?:-(\d{1,9}))?(?:~([A-Za-z0-9][A-Za-z0-9_.-]{0,63})?)?$/;

/**
 * The id of an event, and of the position after it: entry, number of the event in the entry from 1 on, and in the stream
 * of all queues the queue. An id without a number is the position after the whole entry.
 */
export function formatPosition({ entry, seen, queue }: Position, ofAll: boolean): string {
  const id = seen === Number.POSITIVE_INFINITY ? entry : `${entry}-${seen}`;
  return ofAll ? `${id}~${queue}` : id;
}

/** The position of an id; undefined when the text is not an id of that kind of stream. */
export function parsePosition(text: string, ofAll: boolean): Position | undefined {
  const [, entry, seen, queue] = EVENT_ID.exec(text) ?? [];
  if (entry === undefined) return undefined;
  if (entry === START.entry && Number(seen ?? 0) === 0) return START;
  if (text.includes('~') !== ofAll) return undefined;
  return {
    entry: entry.split('-').map(Number).join('-'),
    seen: seen === undefined ? Number.POSITIVE_INFINITY : Number(seen),
    queue: queue ?? '',
  };
}

export const compareQueues = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Below 0 when `a` comes before `b`. */
export const comparePositions = (a: Position, b: Position): number =>
  compareEntryIds(a.entry, b.entry) ||
  compareQueues(a.queue, b.queue) ||
  // Infinity - Infinity is NaN.
  (a.seen === b.seen ? 0 : a.seen - b.seen);

/** The greatest id below this one: reading after that id starts with this entry. */
export function justBefore(entry: string): string {
  const [ms = '0', seq = '0'] = entry.split('-');
  if (seq !== '0') return `${ms}-${BigInt(seq) - 1n}`;
  return ms === '0' ? '0-0' : `${Number(ms) - 1}-18446744073709551615`;
}

/** The entry id after which a queue must be read to go on from a position. */
export function readAfter({ entry, seen, queue: last }: Position, queue: string): string {
  const order = compareQueues(queue, last);
  if (last === '' || order === 0) return seen === Number.POSITIVE_INFINITY ? entry : justBefore(entry);
  return order < 0 ? entry : justBefore(entry);
}
