import { compareEntryIds, entryTime } from '../redis/job-id.ts';
import type { EventEntry } from './decode.ts';
import type { StreamEntries } from './log-reads.ts';
import { compareQueues } from './position.ts';

export interface MergedEntries {
  readonly entries: readonly EventEntry[];
  /** Some stream has more entries than were read. */
  readonly hasMore: boolean;
  /** Entries were held back, since others may still come before them. */
  readonly isHeld: boolean;
}

const compare = (a: EventEntry, b: EventEntry): number =>
  compareEntryIds(a.id, b.id) || compareQueues(a.queue, b.queue);

/**
 * Merges the entries of several streams by id, up to the point where no other entry can still come in between. A stream
 * with `count` entries in this read has more, and every stream may still add to the present millisecond.
 *
 * @param before Unix ms; entries of that time and later are held back.
 */
export function mergeEntries(
  streams: readonly { queue: string; entries: StreamEntries }[],
  count: number,
  before: number,
): MergedEntries {
  const all: EventEntry[] = streams.flatMap(({ queue, entries }) =>
    entries.map(([id, fields]) => ({ queue, id, fields })),
  );
  const cut = streams.filter(({ entries }) => entries.length >= count);
  const bounds = cut.map(({ queue, entries }) => ({ queue, id: entries.at(-1)?.[0] ?? '0-0', fields: [] }));
  const bound = bounds.sort(compare)[0];
  const past = all.filter(({ id }) => entryTime(id) < before);
  const ready = bound === undefined ? past : past.filter((entry) => compare(entry, bound) <= 0);
  if (streams.length > 1) ready.sort(compare);
  return { entries: ready, hasMore: bound !== undefined, isHeld: past.length < all.length };
}
