import { describe, expect, it } from 'vitest';
import { decodeEvents } from '../../src/events/decode.ts';
import { EventChunk, frame } from '../../src/events/event-chunk.ts';

const fields = ['e', 'started', 'j', 'n1-0', 'e', 'completed', 'j', 'n1-0'];
const events = decodeEvents({ queue: 'q', id: '1000-0', fields }, false);
const chunk = new EventChunk(events, { entry: '1000-0', seen: 2, queue: '' });

describe('frame', () => {
  it('writes one message of Server-Sent Events, or one line', () => {
    expect(frame('sse', 'reset', '5-0', '{}')).toBe('event: reset\nid: 5-0\ndata: {}\n\n');
    expect(frame('ndjson', 'reset', '5-0', '{}')).toBe('{}\n');
  });
});

describe('EventChunk', () => {
  it('writes the events of the wanted types', () => {
    const ends = new Set(['completed'] as const);
    const lines = (types: typeof ends | undefined) => String(chunk.text('ndjson', types)).trim().split('\n');
    expect(lines(undefined).map((line) => JSON.parse(line).type)).toEqual(['started', 'completed']);
    expect(lines(ends).map((line) => JSON.parse(line).type)).toEqual(['completed']);
    expect(chunk.text('sse', new Set(['failed'] as const))).toHaveLength(0);
  });

  it('makes each text once', () => {
    const types = new Set(['started'] as const);
    expect(chunk.text('sse', types)).toBe(chunk.text('sse', types));
    expect(chunk.text('sse', types)).not.toBe(chunk.text('ndjson', types));
  });

  it('leaves out the events up to a position', () => {
    const rest = chunk.after({ entry: '1000-0', seen: 1, queue: '' });
    expect(rest.events).toEqual(events.slice(1));
    expect(rest.end).toBe(chunk.end);
  });
});
