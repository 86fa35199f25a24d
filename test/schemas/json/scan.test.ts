import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inMembers } from '../../../src/schemas/json/places.ts';
import { factsOf, scanJson } from '../../../src/schemas/json/scan.ts';
import { JsonScanner } from '../../../src/schemas/json/scanner.ts';
import { replaceLoneSurrogates } from '../../../src/schemas/json/well-formed.ts';

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

describe('the texts of a document', () => {
  const places = inMembers({
    payload: 'text',
    job: inMembers({ payload: 'text' }),
    jobs: { each: 'text' },
    done: { ...inMembers({ result: 'text' }), each: inMembers({ result: 'text' }) },
  });
  const textsOf = (document: string) => {
    const bytes = Buffer.from(document);
    return scanJson(bytes, places)?.texts.map(({ start, end }) => bytes.toString('utf8', start, end));
  };

  it.each([
    ['{"payload": 1.0 }', ['1.0']],
    ['{"a":{"payload":2},"payload":[ {"payload":3} ]}', ['[ {"payload":3} ]']],
    ['{"é":"日","payload":"é😀"}', ['"é😀"']],
    ['{"payl\\u006fad":-0}', ['-0']],
    ['{"payload":1,"payload":2}', ['1', '2']],
    ['{"job":{"payload":1e400,"x":2}}', ['1e400']],
    ['{"job":[{"payload":1}]}', []],
    ['{"jobs":[1,{"a":2},[]],"payload":""}', ['1', '{"a":2}', '[]', '""']],
    ['{"jobs":{"0":1}}', []],
    ['{"done":{"result":1}}', ['1']],
    ['{"done":[{"result":1},{"id":2},3]}', ['1']],
    ['[{"payload":1}]', []],
    ['{"jobs":[],"job":{}}', []],
  ])('are found in %s', (document, expected) => {
    expect(textsOf(document)).toEqual(expected);
  });

  it('have facts of their own', () => {
    const scan = scanJson(
      Buffer.from('{"a":"\\ud83d","payload":[["\\ude00"]],"jobs":[{"__proto__":1},[]]}'),
      places,
    );
    expect(scan?.head).toEqual({ depth: 2, hasLoneSurrogate: true, loneSurrogate: '/a' });
    expect(scan?.texts.map((text) => text.facts)).toEqual([
      { depth: 2, hasLoneSurrogate: true, loneSurrogate: '/0/0' },
      { depth: 1, hasLoneSurrogate: false, pollution: '/__proto__' },
      { depth: 1, hasLoneSurrogate: false },
    ]);
  });

  it.each(['{"payload":}', '{"payload":[}', '{"jobs":[1,]}', '{"job":{"payload":1}', '{"payload":1}}'])(
    'are none in %s, which is not JSON',
    (document) => {
      expect(textsOf(document)).toBeUndefined();
    },
  );
});

describe('a scan in steps', () => {
  const places = inMembers({ a: 'text', items: { each: inMembers({ b: 'text' }) } });
  const value = fc.jsonValue().map((inner) => JSON.stringify(inner));
  const parts = fc.array(fc.record({ a: fc.jsonValue(), b: fc.jsonValue() }, { requiredKeys: [] }));
  const document = fc
    .record({ a: fc.jsonValue(), items: parts, c: fc.jsonValue() })
    .map((inner) => JSON.stringify(inner));

  it('finds what a scan in one go finds, wherever the steps end', () => {
    fc.assert(
      fc.property(fc.oneof(value, document), fc.nat(40), fc.nat(3), (text, cut, step) => {
        const bytes = Buffer.from(text.slice(0, text.length - (cut > 20 ? cut : 0)));
        const scanner = new JsonScanner(bytes, places);
        for (let until = 0; scanner.read(until) === 'more'; ) until += step + 1;
        const whole = scanJson(bytes, places);
        expect(scanner.read() === 'json').toBe(whole !== undefined);
        if (whole !== undefined) {
          expect(scanner.texts).toEqual(whole.texts);
          expect(scanner.head).toEqual(whole.head);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the count of values', () => {
  const places = inMembers({
    payload: 'text',
    items: { each: inMembers({ payload: 'text' }) },
    list: { each: 'text' },
  });
  const count = (text: string) => {
    const scanner = new JsonScanner(Buffer.from(text), places);
    expect(scanner.read()).toBe('json');
    return [scanner.values, scanner.items.count];
  };

  it.each([
    ['1', [1, 0]],
    ['{"a":[1,[2]],"b":{}}', [6, 0]],
    ['{"payload":[1,2,3]}', [2, 0]],
    ['{"payload":1,"payload":2}', [3, 0]],
    ['{"items":[]}', [2, 0]],
    ['{"items":[1,{"a":1,"b":[2]},{}],"c":3}', [7, 3]],
    ['{"list":[[1,2],[3]]}', [3, 2]],
  ])('leaves texts out, and takes the longest item of a list: %s', (text, expected) => {
    expect(count(text)).toEqual(expected);
  });
});

it('a scan that mends writes U+FFFD over lone surrogates, and over nothing else', () => {
  const text = '{"\\ud83d":["\\ud83d\\ude00 \\\\ud83d \\ude00\\ud83dx","é"],"a":"\\ud83d\\n"}';
  const bytes = Buffer.from(text);
  const scanner = new JsonScanner(bytes, inMembers({ a: 'text' }), true);
  expect(scanner.read()).toBe('json');
  expect(bytes.toString()).toBe(replaceLoneSurrogates(text));
  expect([scanner.head, scanner.texts[0]?.facts].map((found) => found?.hasLoneSurrogate)).toEqual([
    false,
    false,
  ]);
});
