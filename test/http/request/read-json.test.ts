import { describe, expect, it } from 'vitest';
import { readJson } from '../../../src/http/request/read-json.ts';

const read = (text: string) => readJson(Buffer.from(text), 'The line');

describe('readJson', () => {
  it('reads any JSON value', () => {
    expect(read('{"a":["ü",1,null]}')).toEqual({ a: ['ü', 1, null] });
  });

  it('keeps a member named constructor that has no prototype', () => {
    expect(read('{"constructor":"Audi","\\u0041":1}')).toEqual({ constructor: 'Audi', A: 1 });
  });

  it.each(['', '{', '{"a":1,}', 'NaN', '[1] x'])(
    'rejects %j as broken JSON, and names the source',
    (text) => {
      expect(() => read(text)).toThrow(
        expect.objectContaining({
          code: 'broken-json',
          message: expect.stringMatching(/^The line cannot be/),
        }),
      );
    },
  );

  it('rejects bytes that are not UTF-8', () => {
    expect(() => readJson(Buffer.from([0x22, 0xff, 0x22]), 'The body')).toThrow('The body is not UTF-8.');
  });

  it.each([
    '{"__proto__":{}}',
    '[{"a":{"__proto__":null}}]',
    '{"\\u005f_proto__":1}',
    '{"constructor":{"prototype":{}}}',
  ])('rejects a member that would change a prototype: %s', (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });
});
