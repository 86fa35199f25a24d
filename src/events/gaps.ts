import { compareEntryIds } from '../redis/job-id.ts';
import type { GapReason } from '../schemas/event-stream.ts';
import type { StreamExtent } from './log-reads.ts';
import { type Position, START } from './position.ts';

export interface Gap {
  readonly reason: GapReason;
  /** Where the reader goes on. */
  readonly position: Position;
  /** In which queue, where that is known. */
  readonly queue?: string;
}

/**
 * Where events between a place and the oldest that is kept are gone, and where to go on. What is told once stays in
 * `known` until the reader has passed it.
 *
 * @param ofAll whether the place is one of the stream of all queues, however many there are.
 */
export function findGaps(
  queues: readonly string[],
  extents: readonly (StreamExtent | undefined)[],
  position: Position,
  known: Set<string>,
  ofAll: boolean,
): { gaps: Gap[]; start: Position } {
  const gaps: Gap[] = [];
  let start = position;
  extents.forEach((extent, i) => {
    const queue = queues[i] ?? '';
    const isOwn = position.entry !== START.entry && (!ofAll || queue === position.queue);
    if (isOwn && isForeign(extent, position)) {
      start = START;
      gaps.push({ reason: 'events-replaced', position: START, queue });
    } else if (extent === undefined || !isBehind(extent, position, isOwn)) {
      known.delete(queue);
    } else if (!known.has(queue)) {
      known.add(queue);
      const at =
        !ofAll && extent.first !== undefined ? { ...position, entry: extent.first, seen: 0 } : position;
      gaps.push({ reason: 'too-far-back', position: at, queue });
    }
  });
  return { gaps, start };
}

/** Whether the stream cannot have given the entry that was read last. */
const isForeign = (extent: StreamExtent | undefined, { entry }: Position): boolean =>
  extent === undefined || compareEntryIds(entry, extent.last) > 0;

function isBehind(extent: StreamExtent, { entry }: Position, isOwn: boolean): boolean {
  // Whoever begins with the oldest misses nothing, and another queue's stream may have begun later.
  if (entry === START.entry) return false;
  if (!isOwn && extent.dropped === 0) return false;
  return compareEntryIds(entry, extent.first ?? extent.last) < 0;
}
