import { entryTime, formatJobId, parseRef } from '../redis/job-id.ts';
import { type EventType, isEventType, type JobEvent } from '../schemas/event.ts';
import { JsonText } from '../schemas/json/json-text.ts';
import { formatPosition, type Position } from './position.ts';

/** An entry of the events stream of a queue. */
export interface EventEntry {
  readonly queue: string;
  readonly id: string;
  readonly fields: readonly string[];
}

/** An event, and the position right after it. */
export interface PositionedEvent {
  readonly event: JobEvent;
  readonly position: Position;
}

/**
 * The events of an entry, in their order: a kind (`e`), the jobs it happened to (`j`), and a reported progress (`v`).
 * Events of unknown kinds are skipped but counted, so that an id means the same to every release.
 *
 * @param ofAll whether the ids are those of the stream of all queues.
 * @param types events of other types are skipped, too; undefined for all.
 */
export function decodeEvents(
  { queue, id, fields }: EventEntry,
  ofAll: boolean,
  types?: ReadonlySet<EventType>,
): PositionedEvent[] {
  const events: PositionedEvent[] = [];
  const at = new Date(entryTime(id)).toISOString();
  let kind = '';
  let seen = 0;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = fields[i + 1] ?? '';
    if (fields[i] === 'e') kind = value;
    else if (fields[i] === 'v') addProgress(events.at(-1), value);
    else if (fields[i] === 'j') {
      const refs = value.split(' ');
      const type = isEventType(kind) && (types?.has(kind) ?? true) ? kind : undefined;
      if (type === undefined) seen += refs.length;
      else {
        for (const ref of refs) {
          seen += 1;
          const position: Position = { entry: id, seen, queue: ofAll ? queue : '' };
          const job = jobOf(queue, ref);
          if (job === undefined) continue;
          const event = { id: formatPosition(position, ofAll), type, queue, ...job, at };
          events.push({ event, position });
        }
      }
    }
  }
  return events;
}

function addProgress(last: PositionedEvent | undefined, text: string): void {
  const progress = JsonText.read(text);
  if (last?.event.type === 'progress' && progress !== undefined) Object.assign(last.event, { progress });
}

/** An event about the queue has no job. Undefined for text that is not a ref: anybody may XADD. */
function jobOf(queue: string, ref: string): { job?: string } | undefined {
  if (ref === '') return {};
  try {
    return { job: formatJobId(queue, parseRef(ref)) };
  } catch {
    return undefined;
  }
}
