import { expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../src/schemas/values/cursor.ts';

it.each(['', '3 1700000000000-0', '12 1.5:n1-0', 'größe ?&=/+'])(
  'a cursor of %j needs no escaping in a URL',
  (text) => {
    const cursor = encodeCursor(text);
    expect(encodeURIComponent(cursor)).toBe(cursor);
    expect(decodeCursor(cursor)).toBe(text);
  },
);

it('text that is not a cursor is decoded without an error', () => {
  expect(typeof decodeCursor('%%% not base64')).toBe('string');
});
