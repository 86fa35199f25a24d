import { expect, it } from 'vitest';
import { decodeRecord, encodeTail } from '../../src/redis/result-record.ts';

const HEAD = '{"w":"worker","a":2,"s":"completed","b":1,"f":2';
const bare = { task: 'echo', maxAttempts: undefined, options: {}, payload: undefined, result: undefined };

it('a record with a minimal tail is valid JSON', () => {
  expect(decodeRecord(HEAD + encodeTail(bare))).toEqual({
    w: 'worker',
    a: 2,
    s: 'completed',
    b: 1,
    f: 2,
    t: 'echo',
  });
});

it('a record holds payload and result unchanged', () => {
  const tail = encodeTail({ ...bare, maxAttempts: 7, payload: '[1]', result: 'null' });
  expect(decodeRecord(HEAD + tail)).toMatchObject({ m: 7, p: [1], r: null });
});

it('a record keeps the options, but not that the submitter waited', () => {
  const stored = (options: object) => decodeRecord(HEAD + encodeTail({ ...bare, options })).o;
  expect(stored({ a: 3, w: true })).toEqual({ a: 3 });
  expect(stored({ w: true })).toBeUndefined();
});
