import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry } from '../../src/redis/entry.ts';

describe('an entry', () => {
  it('survives encoding and decoding', () => {
    const fields = encodeEntry('echo', '{"a":1}', { a: 3, m: { x: 'y' } });
    expect(decodeEntry(fields)).toEqual({
      task: 'echo',
      payload: '{"a":1}',
      value: { a: 1 },
      options: { a: 3, m: { x: 'y' } },
    });
  });

  it('always has the same fields in the same order, so that Redis stores their names once', () => {
    const names = (fields: string[]) => fields.filter((_, i) => i % 2 === 0);
    expect(names(encodeEntry('a', '1', {}))).toEqual(['t', 'p', 'o']);
    expect(names(encodeEntry('b', '2', { d: 5 }))).toEqual(['t', 'p', 'o']);
  });

  it.each([
    [[]],
    [['t', 'echo']],
    [['p', '1', 't', 'echo', 'o', '']],
    [['t', '', 'p', '1', 'o', '']],
    [['t', 'echo', 'p', '{', 'o', '']],
    [['t', 'echo', 'p', '1', 'o', '{']],
    [['t', 'echo', 'p', '1', 'o', '7']],
    [['t', 'echo', 'p', '1', 'o', 'null']],
  ])('is not %j', (fields) => {
    expect(decodeEntry(fields)).toBeUndefined();
  });

  it('has its own options, whatever the previous entry had', () => {
    const optionsOf = (text: string) => decodeEntry(['t', 'echo', 'p', '1', 'o', text])?.options;
    for (const [text, options] of [
      ['', {}],
      ['{"a":2}', { a: 2 }],
      ['{"a":2}', { a: 2 }],
      ['', {}],
      ['{"a":0}', undefined],
      ['{"a":0}', undefined],
      ['{"a":3}', { a: 3 }],
    ] as const) {
      expect(optionsOf(text)).toEqual(options);
    }
  });
});
