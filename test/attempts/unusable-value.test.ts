import { createReadStream } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { encodeResult, thrownFailure } from '../../src/attempts/outcome.ts';
import { encodeProgress } from '../../src/attempts/progress.ts';

class Point {
  x = 1;
  readonly move = () => undefined;
}
class Empty {}
const shared = {};

const circular: { self?: unknown } = {};
circular.self = { circular };

const failureOf = (value: unknown) => {
  try {
    return encodeResult(value);
  } catch (error) {
    return thrownFailure(error, 1, 0);
  }
};

const thrownBy = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

describe('a result of which JSON would keep nothing', () => {
  it.each<[string, unknown, RegExp]>([
    ['a Map', new Map([[1, 2]]), /^The result is of class Map, of which JSON keeps nothing\. Use plain/],
    ['a Set in a list', { a: [1, new Set([1])] }, /^The result has at \/a\/1 of class Set/],
    ['a Response', new Response('x'), /of class Response/],
    ['an Error', new Error('x'), /of class Error/],
    ['an instance without members', new Empty(), /of class Empty/],
    [
      'a promise',
      { 'a/b': Promise.resolve(1) },
      /^The result has at \/a~1b a Promise that is not awaited\. Await it/,
    ],
    ['a list of promises', [1, Promise.resolve(1)], /^The result has at \/1 a Promise/],
    ['a stream', createReadStream('/dev/null'), /a stream \(ReadStream\)/],
    ['a web stream', new ReadableStream(), /of class ReadableStream/],
    ['a generator', (function* () {})(), /of class Generator/],
    ['a function', () => 1, /^The result is a function/],
    ['a symbol', [Symbol('x')], /^The result has at \/0 a symbol/],
    ['a method', { ok: true, run: () => 1 }, /^The result has at \/run a function/],
    ['a BigInt', { n: 1n }, /^The result has at \/n a BigInt\. JSON has none: use a string/],
    ['a circle', circular, /^The result has at \/self\/circular a reference to an object around it/],
  ])('fails its job with that reason: %s', (_, value, message) => {
    expect(failureOf(value)).toEqual({
      kind: 'failed',
      error: { name: 'unusable-result', message: expect.stringMatching(message), attempt: 1, at: 0 },
      retryable: false,
      retryInMs: undefined,
    });
  });
});

it('is no progress either: the caller of ctx.progress gets the reason', () => {
  for (const [value, message] of [
    [new Map(), /^The progress is of class Map, of which JSON keeps nothing\. Use plain/],
    [{ a: [1n] }, /^The progress has at \/a\/0 a BigInt/],
    [() => 1, /^The progress is a function/],
    [[Promise.resolve(1)], /^The progress has at \/0 a Promise that is not awaited/],
    [circular, /^The progress has at \/self\/circular a reference to an object around it/],
  ] as const) {
    const error = thrownBy(() => encodeProgress(value));
    expect(error).toMatchObject({ name: 'unusable-progress', retryable: false });
    expect(error).toHaveProperty('message', expect.stringMatching(message));
    // It shows where the task called.
    expect(error).toHaveProperty('stack', expect.stringContaining('unusable-value.test.ts'));
  }
});

it.each<[string, unknown, string]>([
  ['nothing', undefined, 'null'],
  ['an empty object', {}, '{}'],
  ['an object without a prototype', Object.create(null), '{}'],
  ['an object of another realm', runInNewContext('({ a: {} })'), '{"a":{}}'],
  ['an instance with data', new Point(), '{"x":1}'],
  ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ['what has a toJSON', { a: Object.assign(new Map(), { toJSON: () => ({}) }) }, '{"a":{}}'],
  ['a Buffer', Buffer.from('a'), '{"type":"Buffer","data":[97]}'],
  ['a boxed string', Object('a'), '"a"'],
  ['numbers as bytes', new Uint8Array([7]), '{"0":7}'],
  ['members that are undefined', { a: undefined, b: [undefined] }, '{"b":[null]}'],
  ['the same object twice', [shared, shared], '[{},{}]'],
])('is usable: %s', (_, value, text) => {
  expect(encodeResult(value)).toBe(text);
  expect(encodeProgress(value)).toBe(text);
});

it('keeps the error of a toJSON that throws', () => {
  const toJSON = () => {
    throw new RangeError('no');
  };
  expect(() => encodeResult({ toJSON })).toThrow(new RangeError('no'));
});
