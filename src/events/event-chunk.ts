import type { EventType } from '../schemas/event.ts';
import { printJson } from '../schemas/json/json-text.ts';
import type { PositionedEvent } from './decode.ts';
import { comparePositions, type Position } from './position.ts';

export type EventFormat = 'sse' | 'ndjson';

/** The event types that a reader wants; undefined for all. */
export type EventTypes = ReadonlySet<EventType> | undefined;

/** One message of an event stream; its data is one line of JSON. */
export function frame(format: EventFormat, type: string, id: string | undefined, data: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return format === 'sse' ? `event: ${type}\n${idLine}data: ${data}\n\n` : `${data}\n`;
}

/** Events that are delivered together. Their text is made once for all readers that want the same types. */
export class EventChunk {
  readonly events: readonly PositionedEvent[];
  /** The position after the last of them. */
  readonly end: Position;
  readonly #texts = new Map<EventTypes, Map<EventFormat, Buffer>>();

  constructor(events: readonly PositionedEvent[], end: Position) {
    this.events = events;
    this.end = end;
  }

  /** The events after a position. */
  after(position: Position): EventChunk {
    const rest = this.events.filter((one) => comparePositions(one.position, position) > 0);
    return new EventChunk(rest, this.end);
  }

  /** The text of the events of these types, maybe empty. Callers pass the same set for the same types. */
  text(format: EventFormat, types: EventTypes): Buffer {
    const texts = this.#texts.get(types) ?? new Map<EventFormat, Buffer>();
    this.#texts.set(types, texts);
    const text = texts.get(format) ?? this.#encode(format, types);
    texts.set(format, text);
    return text;
  }

  #encode(format: EventFormat, types: EventTypes): Buffer {
    const wanted = this.events.filter(({ event }) => types === undefined || types.has(event.type));
    const frames = wanted.map(({ event }) => frame(format, event.type, event.id, printJson(event)));
    return Buffer.from(frames.join(''));
  }
}
