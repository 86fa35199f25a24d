import { compareEntryIds, entryTime } from '../redis/job-id.ts';
import type { EventEntry } from './decode.ts';
import type { StreamEntries } from './log-reads.ts';
import { compareQueues } from './position.ts';

export interface Merged {
  readonly entries: readonly EventEntry[];
  /** A stream has more than was read of it. */
  readonly isCut: boolean;
  /** Entries were left for later, since others may still come before them. */
  readonly isHeld: boolean;
}

const compare = (a: EventEntry, b: EventEntry): number =>
  compareEntryIds(a.id, b.id) || compareQueues(a.queue, b.queue);

/**
 * The entries of several streams in one order, as far as nothing can come between them any more: of a stream of which
 * only `count` were read the next ones may, and in a millisecond that is not over every stream may.
 *
 * @param before Unix ms; entries of that time and later are left for later.
 */
export function merge(
  streams: readonly { queue: string; entries: StreamEntries }[],
  count: number,
  before: number,
): Merged {
  const all: EventEntry[] = streams.flatMap(({ queue, entries }) =>
    entries.map(([id, fields]) => ({ queue, id, fields })),
  );
  const cut = streams.filter(({ entries }) => entries.length >= count);
  const bounds = cut.map(({ queue, entries }) => ({ queue, id: entries.at(-1)?.[0] ?? '0-0', fields: [] }));
  const bound = bounds.sort(compare)[0];
  const settled = all.filter(({ id }) => entryTime(id) < before);
  const ready = bound === undefined ? settled : settled.filter((entry) => compare(entry, bound) <= 0);
  if (streams.length > 1) ready.sort(compare);
  return { entries: ready, isCut: bound !== undefined, isHeld: settled.length < all.length };
}
