import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry, parseEntry, readEntry } from '../../src/redis/entry.ts';
import { MAX_STORED_DEPTH } from '../../src/schemas/json/depth.ts';
import { JsonText } from '../../src/schemas/json/json-text.ts';

describe('an entry', () => {
  it('survives encoding and decoding', () => {
    const fields = encodeEntry('echo', '{"a":1}', { a: 3, m: { x: 'y' } });
    const entry = { task: 'echo', payload: '{"a":1}', options: { a: 3, m: { x: 'y' } } };
    expect(decodeEntry(fields)).toEqual(entry);
    expect(parseEntry(fields)).toEqual({ ...entry, value: { a: 1 } });
    expect(readEntry(fields)).toEqual({ ...entry, json: JsonText.read('{"a":1}') });
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
    [['t', 'echo', 'p', '1', 'o', '{']],
    [['t', 'echo', 'p', '1', 'o', '7']],
    [['t', 'echo', 'p', '1', 'o', 'null']],
  ])('is not %j', (fields) => {
    for (const decode of [decodeEntry, parseEntry, readEntry]) expect(decode(fields)).toBeUndefined();
  });

  it('without JSON has options, but nothing to run or show', () => {
    const fields = ['t', 'echo', 'p', '{', 'o', '{"a":3}'];
    expect(decodeEntry(fields)).toMatchObject({ options: { a: 3 } });
    expect(parseEntry(fields)).toBeUndefined();
    expect(readEntry(fields)).toBeUndefined();
  });

  it(`is parsed up to ${MAX_STORED_DEPTH} levels, which older releases have stored`, () => {
    const nested = (levels: number) => encodeEntry('echo', '['.repeat(levels) + ']'.repeat(levels), {});
    expect(parseEntry(nested(MAX_STORED_DEPTH))).toBeDefined();
    expect(parseEntry(nested(MAX_STORED_DEPTH + 1))).toBeUndefined();
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
