import { describe, expect, it } from 'vitest';
import { eventFormatOf, pageFormatOf } from '../../../src/http/request/accept.ts';

describe('eventFormatOf', () => {
  it.each([
    [undefined, 'sse'],
    ['', 'sse'],
    ['*/*', 'sse'],
    ['text/*', 'sse'],
    ['application/x-ndjson', 'ndjson'],
    ['text/event-stream;q=0.5, application/x-ndjson', 'ndjson'],
    ['text/event-stream;q=0, */*', 'ndjson'],
    ['Application/X-NDJSON;q=0.9, */*;q=0.1', 'ndjson'],
  ])('picks for %j the format %s', (accept, format) => {
    expect(eventFormatOf(accept)).toBe(format);
  });

  it.each(['application/json', 'text/event-stream;q=0', 'text/event-stream;q=x'])(
    'rejects %s, and names the available types',
    (accept) => {
      expect(() => eventFormatOf(accept)).toThrow(
        expect.objectContaining({
          code: 'not-acceptable',
          message: expect.stringContaining('text/event-stream or application/x-ndjson'),
        }),
      );
    },
  );
});

describe('pageFormatOf', () => {
  it.each([
    [undefined, 'json'],
    ['*/*', 'json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
  ])('picks for %j the format %s', (accept, format) => {
    expect(pageFormatOf(accept)).toBe(format);
  });
});
