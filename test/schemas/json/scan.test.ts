import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../src/schemas/json/scan.ts';

const facts = (text: string) => factsOf(Buffer.from(text));

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const BROKEN = [
  '',
  ' ',
  '{',
  '}',
  '[1,]',
  '[,1]',
  '[1 2]',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{,}',
  '{a:1}',
  "{'a':1}",
  '[}',
  '{]',
  '[1}',
  '"',
  '"\\"',
  '"\\x"',
  '"\\u12g4"',
  '"\\u12"',
  '"a\nb"',
  '"\t"',
  '01',
  '-',
  '-a',
  '1.',
  '.5',
  '1e',
  '1e+',
  '+1',
  '0x1',
  'NaN',
  'Infinity',
  'tru',
  'truee',
  'nulll',
  'True',
  '1 2',
  '[] []',
  '\u00a01',
  '\ufeff1',
];
const VALID = [
  '1',
  ' -0 ',
  '-0.0e-1',
  '1E+400',
  '12345678901234567890.123',
  'true',
  'false',
  'null',
  '""',
  '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"',
  '"é日😀\u2028\u007f"',
  '[]',
  '{}',
  '\t[ ]\r\n',
  '{ "a" : [ { } , [ [ ] ] ] , "a" : 2 }',
  '{"":{"":""}}',
];

describe('a scan', () => {
  it.each(BROKEN)('refuses %j, as JSON.parse does', (text) => {
    expect(isJson(text)).toBe(false);
    expect(facts(text)).toBeUndefined();
  });

  it.each(VALID)('takes %j, as JSON.parse does', (text) => {
    expect(isJson(text)).toBe(true);
    expect(facts(text)).toBeDefined();
  });

  it('takes what JSON.parse takes, and nothing else', () => {
    const json = fc.jsonValue().map((value) => JSON.stringify(value));
    const pieces = fc.constantFrom(...'{}[],:"\\ue0-+.1a \n', 'true', 'null', '"a"', '\\ud83d', '1.5');
    const edited = fc.tuple(json, fc.nat(), fc.nat(3), fc.array(pieces, { maxLength: 3 }));
    const texts = fc.oneof(
      json,
      fc.array(pieces).map((parts) => parts.join('')),
      edited.map(([text, at, cut, added]) => {
        const start = at % (text.length + 1);
        return text.slice(0, start) + added.join('') + text.slice(start + cut);
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(facts(text.toWellFormed()) !== undefined, text).toBe(isJson(text.toWellFormed()));
      }),
      { numRuns: 2_000 },
    );
  });

  it('counts levels, however many, without a stack', () => {
    expect([facts('1'), facts('[]'), facts('{"a":[{}],"b":[]}')].map((found) => found?.depth)).toEqual([
      0, 1, 3,
    ]);
    expect(facts('['.repeat(1_000_000) + ']'.repeat(1_000_000))?.depth).toBe(1_000_000);
    expect(facts('{"a":'.repeat(200_000))).toBeUndefined();
  });

  it.each([
    ['"\\ud83d\\ude00"', false],
    ['"\\uD83D\\uDE00"', false],
    ['"😀 \\\\ud83d"', false],
    ['"\\ud83d"', true],
    ['"\\ude00"', true],
    ['"\\ud83d\\ud83d\\ude00"', true],
    ['"\\ude00\\ud83d"', true],
    ['"\\ud83dx"', true],
    ['"\\ud83d\\n"', true],
    ['{"\\uDBFF":1}', true],
    ['[["\\udfff"]]', true],
  ])('finds lone surrogates: %s', (text, expected) => {
    expect(facts(text)?.hasLoneSurrogate).toBe(expected);
  });

  it.each([
    ['{"__proto__":1}', '/__proto__'],
    ['[0,{"a":{"\\u005f_proto__":1}}]', '/1/a/__proto__'],
    ['{"a/b~":{"constructor":{"b":[],"prototype":1}}}', '/a~1b~0/constructor'],
    ['{"construct\\u006fr":{"\\u0070rototype":1}}', '/constructor'],
    ['{"constructor":1,"prototype":2,"a":{"prototype":3}}', undefined],
    ['{"constructor":[{"prototype":1}]}', undefined],
    ['{"constructor":{"a":{"prototype":1}}}', undefined],
    ['{"proto":1,"constructors":2,"_":3,"c":4,"__proto___":5,"__proto_\\u0022":6}', undefined],
    ['"__proto__"', undefined],
  ])('finds names that may change a prototype: %s', (text, expected) => {
    expect(facts(text)?.pollution).toBe(expected);
  });

  it.each([
    ['"\\ud83d"', ''],
    ['[1,"",["\\ud83d\\ude00",{"a":[],"b":"\\ud83d","c":"\\ud83d"}]]', '/2/1/b'],
    ['{"a":{"x":1},"\\u0062/":{"\\ud83d":1}}', '/b~1/\ud83d'],
  ])('tells where a lone surrogate is: %s', (text, expected) => {
    expect(facts(text)?.loneSurrogate).toBe(expected);
  });

  it('tells only the beginning of a place that is nested very deeply', () => {
    const text = `${'['.repeat(1_000)}"\\ud83d"${']'.repeat(1_000)}`;
    expect(facts(text)?.loneSurrogate).toBe('/0'.repeat(100));
  });
});
