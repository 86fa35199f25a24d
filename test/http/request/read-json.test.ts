import { describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { readJson, readLongJson } from '../../../src/http/request/read-json.ts';
import { inMembers } from '../../../src/schemas/json/places.ts';

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

/** What reading throws, and how many characters `JSON.parse` was given for it. */
async function refusalOf(read: () => unknown) {
  const parse = vi.spyOn(JSON, 'parse');
  try {
    await read();
  } catch (error) {
    const parsed = parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
    if (error instanceof AppError) return { error, parsed };
    throw error;
  } finally {
    parse.mockRestore();
  }
  throw new Error('nothing was refused');
}

const members = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":1`).join(',')}}`;
const TEXTS = { texts: inMembers({ payload: 'text', jobs: { each: 'text' } }) };

describe('JSON that would take long', () => {
  it.each([
    ['members', members(12_001), 'has more than 12000 values: send fewer members and items'],
    [
      'items',
      `[${Array(12_000).fill('[]').join(',')}]`,
      'has more than 12000 values: send fewer members and items',
    ],
    [
      'equal texts',
      `{${Array(12_000).fill('"payload":1').join(',')}}`,
      'has more than 12000 values: send fewer members and items',
    ],
    ['a name', `{"${'~'.repeat(5_000)}":1}`, 'has a name of more than 4096 bytes'],
  ])('is refused without a parse for too many or too long: %s', async (_, text, detail) => {
    for (const read of [readJson, readLongJson]) {
      const { error, parsed } = await refusalOf(() => read(Buffer.from(text), 'The body', TEXTS));
      expect(error).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '', detail }] });
      expect(parsed).toBe(0);
    }
  });

  it('is read when its many values are in texts', async () => {
    const text = `{"payload":${members(20_000)},"jobs":[${Array(20_000).fill('1').join(',')}]}`;
    expect(await readLongJson(Buffer.from(text), 'The body', TEXTS)).toMatchObject({
      jobs: { length: 20_000 },
    });
  });

  it.each([
    ['"\\ud83d"', '/list/10000', 'half of a surrogate pair'],
    ['{"a":{"constructor":{"prototype":1}}}', '/list/10000/a/constructor', 'rename it'],
  ])('is not parsed to find the place of a fault: %s', async (fault, pointer, detail) => {
    const text = `{"list":[${'1,'.repeat(10_000)}${fault}]}`;
    const { error, parsed } = await refusalOf(() => read(text));
    expect(error.errors).toEqual([{ pointer, detail: expect.stringContaining(detail) }]);
    expect(parsed).toBeLessThan(100);
  });

  it('is not parsed to say why it is broken', async () => {
    const { error, parsed } = await refusalOf(() => read(`[${'1,'.repeat(70_000)}x]`));
    expect(error).toMatchObject({ code: 'broken-json', message: expect.stringContaining('position 140001') });
    expect(parsed).toBe(0);
  });

  it('is refused for the items of a list by the error of its route', async () => {
    const items = { most: 3, error: () => new AppError('payload-too-large', 'Too many.') };
    const reading = { ...TEXTS, items };
    expect(readJson(Buffer.from('{"jobs":[1,2,3]}'), 'The body', reading)).toBeDefined();
    const { error, parsed } = await refusalOf(() =>
      readJson(Buffer.from('{"jobs":[1,2,3,4]}'), 'The body', reading),
    );
    expect([error.code, parsed]).toEqual(['payload-too-large', 0]);
  });
});

describe('a report', () => {
  it('has U+FFFD for lone surrogates, and is not read twice', async () => {
    const parse = vi.spyOn(JSON, 'parse');
    const report = await readLongJson(
      Buffer.from('{"payload":["\\ud83d"],"\\ud83d":"\\ude00"}'),
      'The body',
      {
        ...TEXTS,
        isReport: true,
      },
    );
    expect(parse).toHaveBeenCalledTimes(1);
    parse.mockRestore();
    expect(report).toMatchObject({ payload: { text: '["\\ufffd"]' }, '\ufffd': '\ufffd' });
  });

  it('with too many values is what its route makes of it', () => {
    const reading = { isReport: true, maxValues: 2, whenTooMany: (json: Buffer) => json.length };
    expect(readJson(Buffer.from('[1,2]'), 'The body', reading)).toBe(5);
  });
});
