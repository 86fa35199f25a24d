import { describe, expect, it } from 'vitest';
import { lastKept, lineTail, lineText, logLine, reportedLines } from '../../src/attempts/log-lines.ts';

const shown = (report: unknown) => reportedLines(report).lines.map(({ tail }) => JSON.parse(`[${tail}`));

describe('a line', () => {
  it('has a level in lower case, info by default, and a text of at most 4,000 characters', () => {
    expect(logLine('here', undefined)).toEqual({ level: 'info', message: 'here' });
    expect(logLine('here', ' WARNING ')).toEqual({ level: 'warning', message: 'here' });
    expect(logLine('here', 'x'.repeat(99)).level).toHaveLength(17);
    expect(logLine('m'.repeat(5_000), 5)).toEqual({ level: 'info', message: `${'m'.repeat(4_000)}…` });
  });

  it('has U+FFFD for lone surrogates', () => {
    expect(lineTail(logLine('\ud83d!', 'info'))).toBe('"info","\ufffd!"]');
  });

  it.each<[string, unknown, string]>([
    ['an object', { a: 1 }, '{"a":1}'],
    ['an error', Object.assign(new Error('no'), { stack: 'Error: no\n  at x' }), 'Error: no\n  at x'],
    ['undefined', undefined, 'undefined'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
  ])('of %s is text', (_, value, text) => {
    expect(lineText(value)).toBe(text);
  });

  it('of a value that cannot be read says so', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
        has: () => {
          throw new Error('no');
        },
      },
    );
    expect(lineText(hostile)).toContain('cannot be shown');
  });
});

describe('a report of lines', () => {
  it('is a text, an object or a list of both, or anything else', () => {
    expect(shown('one')).toEqual([['info', 'one']]);
    expect(
      shown([{ level: 'ERROR', message: 'two' }, 'three', { message: { a: 1 } }, 4, null, { text: 'x' }]),
    ).toEqual([
      ['error', 'two'],
      ['info', 'three'],
      ['info', '{"a":1}'],
      ['info', '4'],
      ['info', 'null'],
      ['info', '{"text":"x"}'],
    ]);
    expect(shown([])).toEqual([]);
  });

  it('keeps its last 1,000 lines, and says how many it has dropped', () => {
    const { lines, dropped } = reportedLines(Array.from({ length: 1_500 }, (_, i) => `line ${i}`));
    expect([lines.length, dropped]).toEqual([1_000, 500]);
    expect(lines[0]?.tail).toContain('line 500');
  });
});

it('of many lines those are written that a log keeps: the last 64 KiB', () => {
  const lines = Array.from({ length: 100 }, (_, i) => ({ ageMs: 0, tail: `${i} ${'ü'.repeat(1_000)}` }));
  const kept = lastKept(lines, 7);
  expect(kept.lines).toHaveLength(32);
  expect(kept.dropped).toBe(7 + 68);
});
