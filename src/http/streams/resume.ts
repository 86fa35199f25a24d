import { invalidRequest } from '../../errors.ts';
import type { EventLog } from '../../events/event-log.ts';
import { comparePositions, type Position, parsePosition, START } from '../../events/position.ts';
import { entryTime } from '../../redis/job-id.ts';
import type { Job } from '../../schemas/job.ts';

/**
 * The position in Last-Event-ID, or undefined without one.
 *
 * @param isMerged whether the stream has the events of all queues, whose ids differ from those of one queue.
 * @throws {AppError} invalid-request if it is not an id of such a stream.
 */
export function resumePosition(lastEventId: string | undefined, isMerged: boolean): Position | undefined {
  if (lastEventId === undefined || lastEventId === '') return undefined;
  const position = parsePosition(lastEventId, isMerged);
  if (position !== undefined) return position;
  const detail =
    'is not the id of an event of this stream. Send an id unchanged, or 0-0 for the oldest event';
  throw invalidRequest([{ pointer: '/last-event-id', detail }], 'headers');
}

/** Whether a client at a position has seen the last event of a job that has ended. */
export async function hasSeenEnd(log: EventLog, from: Position, job: Job): Promise<boolean> {
  if (comparePositions(from, START) === 0) return false;
  const endMs = Date.parse(job.finishedAt ?? job.createdAt);
  for await (const { gaps, chunks, position } of log.pagesAfter(from)) {
    if (gaps.length > 0) return false;
    if (chunks.some(({ events }) => events.some(({ event }) => event.job === job.id))) return false;
    if (entryTime(position.entry) > endMs) return true;
  }
  return true;
}
