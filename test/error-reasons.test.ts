import { expect, it } from 'vitest';
import { thrownFailure } from '../src/attempts/outcome.ts';
import { reasonsOf, summaryOf } from '../src/error-reasons.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
const STACK = expect.any(String);

it('are the causes of an error, with their codes', () => {
  const error = new TypeError('fetch failed', { cause: refused });
  expect(reasonsOf(error)).toEqual({
    cause: { message: refused.message, name: 'Error', code: 'ECONNREFUSED', stack: STACK },
  });
  expect(thrownFailure(error, 1, 0).error).toMatchObject({
    message: 'fetch failed',
    cause: { code: 'ECONNREFUSED' },
  });
});

it('are the parts of an AggregateError', () => {
  const error = new AggregateError([refused, 'no route'], 'all failed');
  expect(reasonsOf(error)).toMatchObject({ errors: [{ code: 'ECONNREFUSED' }, { message: 'no route' }] });
});

it.each<[string, unknown, object]>([
  ['a text', 'why', { message: 'why' }],
  ['a number', 7, { message: '7' }],
  ['an object without a message', { a: 1 }, { message: '{"a":1}' }],
  ['an object with one', { message: 'm', code: 5 }, { message: 'm', code: 5 }],
])('can be of any kind: %s', (_, cause, stored) => {
  expect(reasonsOf(new Error('x', { cause }))).toEqual({ cause: stored });
});

it('are read from the JSON of an error, too', () => {
  const sent = { message: 'x', code: 'E', cause: { message: 'm', cause: 'why' }, errors: [{ message: 'p' }] };
  expect(reasonsOf(sent)).toEqual({
    code: 'E',
    cause: { message: 'm', cause: { message: 'why' } },
    errors: [{ message: 'p' }],
  });
});

it('are bounded in depth, number and size, and have no circles', () => {
  const endless = new Error('round');
  endless.cause = endless;
  expect(reasonsOf(endless)).toEqual({});
  let deep = new Error('0');
  for (let i = 1; i < 50; i += 1) deep = new Error(String(i), { cause: deep });
  expect(JSON.stringify(reasonsOf(deep)).match(/"cause"/g)).toHaveLength(5);
  const wide = () => new Error('m'.repeat(10_000));
  const many = new AggregateError(Array.from({ length: 100 }, wide), 'many', { cause: wide() });
  const text = JSON.stringify(reasonsOf(many));
  expect(text.length).toBeLessThan(18_000);
});

it('are left out where they cannot be read', () => {
  const error = Object.defineProperty(new Error('x'), 'cause', {
    get() {
      throw new Error('no');
    },
  });
  expect(thrownFailure(error, 1, 0).error).toMatchObject({ message: 'x', name: 'Error' });
});

it('are one text in the log', () => {
  const fetchFailed = { message: 'fetch failed', cause: { message: refused.message, code: 'ECONNREFUSED' } };
  expect(summaryOf(fetchFailed)).toBe('fetch failed: connect ECONNREFUSED 127.0.0.1:1');
  expect(summaryOf({ message: 'no', code: 'E1' })).toBe('no (E1)');
  expect(
    summaryOf({ message: '', code: 'E1', errors: [{ message: 'a' }, { message: 'a' }, { message: 'b' }] }),
  ).toBe('(E1): a; b');
  expect(summaryOf({ message: '', name: 'Odd' })).toBe('Odd');
});

it.each<[string, object, string | undefined]>([
  ['undefined', Object.assign(new RangeError('x'), { name: undefined }), 'RangeError'],
  ['no text', Object.assign(new RangeError('x'), { name: 7 }), 'RangeError'],
  ['empty', Object.assign(new RangeError('x'), { name: '' }), 'RangeError'],
])('do not need a name: one that is %s is that of the class', (_, thrown, name) => {
  expect(thrownFailure(thrown, 1, 0).error).toMatchObject({ message: 'x', name });
});
