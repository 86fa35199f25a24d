import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inMembers } from '../../../src/schemas/json/places.ts';
import { scanJson } from '../../../src/schemas/json/scan.ts';
import { JsonScanner } from '../../../src/schemas/json/scanner.ts';
import { replaceLoneSurrogates } from '../../../src/schemas/json/well-formed.ts';

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
