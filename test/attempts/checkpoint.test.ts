import { expect, it } from 'vitest';
import {
  checkpointText,
  encodeCheckpoint,
  MAX_CHECKPOINT_BYTES,
  UnusableCheckpoint,
} from '../../src/attempts/checkpoint.ts';
import { JsonText } from '../../src/schemas/json/json-text.ts';

const longest = 'x'.repeat(MAX_CHECKPOINT_BYTES - 2);

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = [value];
  return value;
}

it('a checkpoint of a handler is stored as JSON of at most 64 KiB, counted in bytes', () => {
  expect(encodeCheckpoint({ page: 1, gone: undefined })).toBe('{"page":1}');
  expect(encodeCheckpoint(undefined)).toBe('null');
  expect(encodeCheckpoint(longest)).toHaveLength(MAX_CHECKPOINT_BYTES);
  expect(() => encodeCheckpoint(`${longest}x`)).toThrow('has 65537 bytes of JSON; at most 65536');
  expect(() => encodeCheckpoint('ü'.repeat(33_000))).toThrow(UnusableCheckpoint);
});

it.each([
  ['a function', () => 1, 'is a function'],
  ['a symbol', Symbol('x'), 'is a symbol'],
  ['a bigint', { n: 1n }, 'has at /n a BigInt'],
  ['a map', { seen: new Map() }, 'has at /seen of class Map, of which JSON keeps nothing'],
  ['a promise', [Promise.resolve(1)], 'has at /0 a Promise that is not awaited'],
])('%s is refused, since JSON would lose it', (_, value, reason) => {
  expect(() => encodeCheckpoint(value)).toThrow(`The checkpoint ${reason}`);
});

it('a checkpoint that is nested too deeply is refused, and lone surrogates become U+FFFD', () => {
  expect(encodeCheckpoint(nested(60))).toHaveLength(121);
  expect(() => encodeCheckpoint(nested(61))).toThrow('nested deeper than 60 levels');
  expect(encodeCheckpoint({ a: '\ud83d' })).toBe('{"a":"\\ufffd"}');
});

it('a checkpoint over HTTP keeps its text', () => {
  const text = '{"n":9007199254740993,"x":1.0,"y":1e400,"z":-0}';
  expect(checkpointText(JsonText.read(text) ?? JsonText.of(0))).toBe(text);
});
