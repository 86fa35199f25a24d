import { compareEntryIds } from '../redis/job-id.ts';

/**
 * A place between two events. The events of one queue are in the order of their entries; those of several queues in the
 * order of entry id, then of the queue's name.
 */
export interface Position {
  readonly entry: string;
  /** Events of that entry before this place; Infinity for all of them. */
  readonly seen: number;
  /** Which queue the entry is of; '' where that says itself, or before that entry of any queue. */
  readonly queue: string;
}

/** Before everything. */
export const START: Position = { entry: '0-0', seen: 0, queue: '' };

/** Before everything too, but of one who knows that there was nothing. */
export const AFTER_NOTHING: Position = { ...START, seen: 1 };

/** Numbers that Redis gives are shorter by far; longer ones it would refuse. */
const EVENT_ID = /^(\d{1,15}-\d{1,15})(?:-(\d{1,9}))?(?:~([A-Za-z0-9][A-Za-z0-9_.-]{0,63})?)?$/;

/**
 * The id of an event, and of the place after it: entry, number of the event in it from 1 on, and in a stream of several
 * queues the queue. Without a number it is after the whole entry.
 */
export function formatPosition({ entry, seen, queue }: Position, ofAll: boolean): string {
  const id = seen === Number.POSITIVE_INFINITY ? entry : `${entry}-${seen}`;
  return ofAll ? `${id}~${queue}` : id;
}

/** The place that an id stands for, or undefined when the text is none of a stream of that kind. */
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
  // Infinity - Infinity is no number.
  (a.seen === b.seen ? 0 : a.seen - b.seen);

/** The greatest id below this one; what reads after an id then reads from this one on. */
export function justBefore(entry: string): string {
  const [ms = '0', seq = '0'] = entry.split('-');
  if (seq !== '0') return `${ms}-${BigInt(seq) - 1n}`;
  return ms === '0' ? '0-0' : `${Number(ms) - 1}-18446744073709551615`;
}

/** The id of an entry after which a queue is to be read on from a place. */
export function readAfter({ entry, seen, queue: last }: Position, queue: string): string {
  const order = compareQueues(queue, last);
  if (last === '' || order === 0) return seen === Number.POSITIVE_INFINITY ? entry : justBefore(entry);
  return order < 0 ? entry : justBefore(entry);
}
