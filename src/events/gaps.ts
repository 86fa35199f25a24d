import { compareEntryIds } from '../redis/job-id.ts';
import type { GapReason } from '../schemas/event-stream.ts';
import type { StreamExtent } from './log-reads.ts';
import { type Position, START } from './position.ts';

export interface Gap {
  readonly reason: GapReason;
  /** Where reading goes on. */
  readonly position: Position;
  /** The queue of the gap; absent when the clock went back. */
  readonly queue?: string;
}

/**
 * Finds the queues in which events after the position have been trimmed, and the position where reading goes on.
 *
 * @param reported queues whose gap was reported; they stay in it until the reader has passed the gap.
 * @param ofAll whether the position is one of the stream of all queues.
 */
export function findGaps(
  queues: readonly string[],
  extents: readonly (StreamExtent | undefined)[],
  position: Position,
  reported: Set<string>,
  ofAll: boolean,
): { gaps: Gap[]; start: Position } {
  const gaps: Gap[] = [];
  let start = position;
  extents.forEach((extent, i) => {
    const queue = queues[i] ?? '';
    const isOwn = position.entry !== START.entry && (!ofAll || queue === position.queue);
    if (isOwn && isFromAnotherStream(extent, position)) {
      start = START;
      gaps.push({ reason: 'events-replaced', position: START, queue });
    } else if (extent === undefined || !isBehind(extent, position, isOwn)) {
      reported.delete(queue);
    } else if (!reported.has(queue)) {
      reported.add(queue);
      const at =
        !ofAll && extent.first !== undefined ? { ...position, entry: extent.first, seen: 0 } : position;
      gaps.push({ reason: 'too-far-back', position: at, queue });
    }
  });
  return { gaps, start };
}

/** Whether this stream never gave the entry that was read last: another stream has its key now. */
const isFromAnotherStream = (extent: StreamExtent | undefined, { entry }: Position): boolean =>
  extent === undefined || compareEntryIds(entry, extent.last) > 0;

function isBehind(extent: StreamExtent, { entry }: Position, isOwn: boolean): boolean {
  // A reader that starts at 0-0 has no gap. In the merged stream another queue's stream may simply be younger.
  if (entry === START.entry) return false;
  if (!isOwn && extent.dropped === 0) return false;
  return compareEntryIds(entry, extent.first ?? extent.last) < 0;
}
