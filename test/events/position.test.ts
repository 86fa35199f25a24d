import { describe, expect, it } from 'vitest';
import {
  comparePositions,
  formatPosition,
  justBefore,
  type Position,
  parsePosition,
  readAfter,
  START,
} from '../../src/events/position.ts';

const WHOLE = Number.POSITIVE_INFINITY;
const at = (entry: string, seen: number, queue = ''): Position => ({ entry, seen, queue });

describe('formatPosition and parsePosition', () => {
  it.each([
    ['5-0-2', false, at('5-0', 2)],
    ['5-0', false, at('5-0', WHOLE)],
    ['5-0-2~q.1', true, at('5-0', 2, 'q.1')],
    ['5-0~q', true, at('5-0', WHOLE, 'q')],
    ['5-0-0~', true, at('5-0', 0)],
  ])('agree on %s', (id, ofAll, position) => {
    expect(parsePosition(id, ofAll)).toEqual(position);
    expect(formatPosition(position, ofAll)).toBe(id);
  });

  it('read the start in both kinds of stream', () => {
    expect(parsePosition('0-0', false)).toBe(START);
    expect(parsePosition('0-0', true)).toBe(START);
  });

  it('drop leading zeros of an entry id', () => {
    expect(parsePosition('0005-00-1', false)).toEqual(at('5-0', 1));
  });

  it.each([
    ['5-0-1', true],
    ['5-0-1~q', false],
    ['5', false],
    ['x', false],
    ['5-0-1-1', false],
    ['5-0-1~a:b', true],
    [`${'9'.repeat(16)}-0`, false],
  ])('reject %s (all queues: %s)', (text, ofAll) => {
    expect(parsePosition(text, ofAll)).toBeUndefined();
  });
});

describe('comparePositions', () => {
  it('orders by entry, then queue, then number', () => {
    const ordered = [
      START,
      at('9-0', 0),
      at('9-0', 1, 'a'),
      at('9-0', 2, 'a'),
      at('9-0', WHOLE, 'a'),
      at('9-0', 1, 'b'),
      at('9-10', 1, 'a'),
      at('10-0', 1, 'a'),
    ];
    for (const [i, a] of ordered.entries()) {
      for (const [k, b] of ordered.entries())
        expect(Math.sign(comparePositions(a, b))).toBe(Math.sign(i - k));
    }
  });
});

describe('justBefore', () => {
  it.each([
    ['5-3', '5-2'],
    ['5-0', '4-18446744073709551615'],
    ['0-0', '0-0'],
  ])('of %s is %s', (entry, before) => {
    expect(justBefore(entry)).toBe(before);
  });
});

describe('readAfter', () => {
  it('reads a partly read entry again, and a whole one not', () => {
    expect(readAfter(at('5-1', 1), 'q')).toBe('5-0');
    expect(readAfter(at('5-1', WHOLE), 'q')).toBe('5-1');
  });

  it('reads the same id again only in the queues that come later', () => {
    const position = at('5-1', WHOLE, 'm');
    expect(readAfter(position, 'a')).toBe('5-1');
    expect(readAfter(position, 'm')).toBe('5-1');
    expect(readAfter(position, 'z')).toBe('5-0');
  });
});
