import type { EventType } from '../schemas/event.ts';
import type { PositionedEvent } from './decode.ts';
import { comparePositions, type Position } from './position.ts';

export type EventFormat = 'sse' | 'ndjson';

/** Which events somebody wants; undefined for all. */
export type EventTypes = ReadonlySet<EventType> | undefined;

/** A message of a stream of events: its data is one line of JSON. */
export function frame(format: EventFormat, type: string, id: string, data: string): string {
  return format === 'sse' ? `event: ${type}\nid: ${id}\ndata: ${data}\n\n` : `${data}\n`;
}

/** Events that are told together. Their text is made once for all readers that want the same. */
export class EventChunk {
  readonly events: readonly PositionedEvent[];
  /** The place after them. */
  readonly end: Position;
  readonly #texts = new Map<EventTypes, Map<EventFormat, Buffer>>();

  constructor(events: readonly PositionedEvent[], end: Position) {
    this.events = events;
    this.end = end;
  }

  /** What of it comes after a place. */
  after(position: Position): EventChunk {
    const rest = this.events.filter((told) => comparePositions(told.position, position) > 0);
    return new EventChunk(rest, this.end);
  }

  /** The text of the events of these types; empty when there are none. Callers share the sets of types. */
  text(format: EventFormat, types: EventTypes): Buffer {
    const texts = this.#texts.get(types) ?? new Map<EventFormat, Buffer>();
    this.#texts.set(types, texts);
    const known = texts.get(format) ?? this.#encode(format, types);
    texts.set(format, known);
    return known;
  }

  #encode(format: EventFormat, types: EventTypes): Buffer {
    const wanted = this.events.filter(({ event }) => types === undefined || types.has(event.type));
    const frames = wanted.map(({ event }) => frame(format, event.type, event.id, JSON.stringify(event)));
    return Buffer.from(frames.join(''));
  }
}
