import { expect, it } from 'vitest';
import { decodeError, decodeRecord, encodeTail } from '../../src/redis/result-record.ts';
import { JsonText } from '../../src/schemas/json/json-text.ts';

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
  const tail = encodeTail({ ...bare, maxAttempts: 7, payload: '[1.0]', result: '9007199254740993' });
  const texts = { p: JsonText.read('[1.0]'), r: JsonText.read('9007199254740993') };
  expect(decodeRecord(HEAD + tail)).toMatchObject({ m: 7, ...texts });
});

it('an error holds its data unchanged', () => {
  const error = { message: 'no', data: JsonText.read('1e400') };
  expect(decodeError('{"message":"no","data":1e400}')).toEqual(error);
  const errors = ',"e":[{"message":"no","data":1e400}]';
  expect(decodeRecord(HEAD + errors + encodeTail(bare)).e).toEqual([error]);
});

it('a record keeps the options, but not that the submitter waited', () => {
  const stored = (options: object) => decodeRecord(HEAD + encodeTail({ ...bare, options })).o;
  expect(stored({ a: 3, w: true })).toEqual({ a: 3 });
  expect(stored({ w: true })).toBeUndefined();
});

it('a record is read without a payload that is not JSON', () => {
  const errors = ',"e":[{"message":"no","data":{"a":1,"p":2}}]';
  for (const payload of ['', 'x', '{"a":1,"p":', '[1']) {
    const record = decodeRecord(`${HEAD}${errors},"t":"echo","o":{"k":true},"p":${payload}}`);
    expect(record).toMatchObject({ s: 'completed', t: 'echo', o: { k: true } });
    expect(record.p).toBeUndefined();
  }
  expect(() => decodeRecord('x')).toThrow(SyntaxError);
});
