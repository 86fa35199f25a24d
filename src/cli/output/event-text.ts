import type { EventType, JobEvent } from '../../schemas/event.ts';
import { inert, inertJson } from './inert.ts';
import type { Paint, Style } from './paint.ts';

/** An event, or a message of the service about the stream. */
export type StreamMessage = Partial<Omit<JobEvent, 'type'>> & {
  readonly type: string;
  readonly reason?: string;
};

const STYLES: Readonly<Partial<Record<EventType | 'reset', Style>>> = {
  completed: 'green',
  failed: 'red',
  started: 'cyan',
  retrying: 'yellow',
  recovered: 'yellow',
  reset: 'yellow',
};

const TYPE_WIDTH = 'submitted'.length;

/** A line for people. */
export function eventLine(
  { type, at = '', queue = '', job, progress, reason }: StreamMessage,
  paint: Paint,
): string {
  const words = [
    paint('dim', inert(at)),
    paint(STYLES[type as EventType], inert(type).padEnd(TYPE_WIDTH)),
    inert(job ?? queue),
    ...(progress === undefined ? [] : [inertJson(JSON.stringify(progress))]),
    ...(reason === undefined ? [] : [`${inert(reason)}: events may be missing here`]),
  ];
  return words.join('  ');
}
