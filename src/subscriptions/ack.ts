import { AppError } from '../errors.ts';
import { parsePosition, START } from '../events/position.ts';
import type { AckEvents } from '../schemas/subscription.ts';
import type { AckList } from './scripts/ack.ts';

/** No entry has more events. The bound keeps an invented id from creating a huge set. */
const MAX_EVENTS_PER_ENTRY = 100_000;

/** The events that a client acknowledges, by entry. @throws {AppError} invalid-request. */
export function toAckList({ upTo, ids }: AckEvents): AckList {
  const events = new Map<string, Set<number> | undefined>();
  if (upTo !== undefined) {
    const { entry, seen } = positionOf(upTo, '/upTo');
    // No event is before the start, and Redis rejects such a range.
    if (entry === START.entry) return { before: undefined, events };
    const isWhole = seen === Number.POSITIVE_INFINITY;
    events.set(entry, isWhole ? undefined : new Set(Array.from({ length: seen }, (_, i) => i + 1)));
    return { before: entry, events };
  }
  for (const [i, id] of (ids ?? []).entries()) {
    const { entry, seen } = positionOf(id, `/ids/${i}`);
    const numbers = events.get(entry);
    if (seen === Number.POSITIVE_INFINITY) events.set(entry, undefined);
    else if (!events.has(entry)) events.set(entry, new Set([seen]));
    else numbers?.add(seen);
  }
  return { before: undefined, events };
}

function positionOf(id: string, pointer: string): { entry: string; seen: number } {
  const position = parsePosition(id, false);
  const isValid =
    position !== undefined && (position.seen <= MAX_EVENTS_PER_ENTRY || !Number.isFinite(position.seen));
  if (isValid) return position;
  throw new AppError('invalid-request', 'Acknowledge events by the ids that a read returned.', {
    errors: [{ pointer, detail: 'is not the id of an event of this queue' }],
  });
}
