import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DEPTH } from '../../../src/schemas/json/depth.ts';
import { JsonText, printJson } from '../../../src/schemas/json/json-text.ts';

const read = (text: string): JsonText => {
  const json = JsonText.read(text);
  if (json === undefined) throw new Error(`${text} is not JSON`);
  return json;
};
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('printed JSON', () => {
  it.each(['9007199254740993', '1e400', '1.0', '-0', '{"b":1, "a" : 2}', '"\\u00e9\\/"', '{"a":1,"a":2}'])(
    'has the text %s as it came',
    (text) => {
      const json = read(text);
      expect(printJson(json)).toBe(text);
      expect(printJson({ a: [json, { b: json }], c: undefined, d: 'x' })).toBe(
        `{"a":[${text},{"b":${text}}],"d":"x"}`,
      );
    },
  );

  it('is that of JSON.stringify for values without texts', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(printJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('puts each text into its own place, whatever stands around it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.jsonValue())), (items) => {
        const texts = items.map(([around, value]) => ({ around, text: read(JSON.stringify(value)) }));
        const values = items.map(([around, value]) => ({ around: around.toWellFormed(), text: value }));
        expect(JSON.parse(printJson(texts))).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });

  it('has U+FFFD for lone surrogates, in texts, values and names', () => {
    const value = { text: read('["\\ud83d","\\ud83d\\ude00","\\\\ud83d"]'), '\udc00': 'a\ud800' };
    expect(printJson(value)).toBe('{"text":["\\ufffd","\\ud83d\\ude00","\\\\ud83d"],"\\ufffd":"a\\ufffd"}');
  });

  it('shows a text of more than 60 levels as a string', () => {
    expect(printJson([read(nested(60))])).toBe(`[${nested(60)}]`);
    expect(printJson([read(nested(61))])).toBe(JSON.stringify([nested(61)]));
    expect(JSON.parse(printJson([read(nested(1_000))]))).toEqual([nested(1_000)]);
  });

  it('cannot be of a function', () => {
    expect(() => printJson(() => 1)).toThrow(TypeError);
  });
});

describe('a text', () => {
  it('is on one line: line breaks between tokens become spaces', () => {
    expect(read('{\r\n  "a": "\\n",\n\t"b": 1 }').text).toBe('{    "a": "\\n", \t"b": 1 }');
  });

  it('of a value is its JSON; of a text it is the text', () => {
    const json = JsonText.of({ a: [1] });
    expect(json.text).toBe('{"a":[1]}');
    expect(JsonText.of(json)).toBe(json);
    expect(JsonText.of({ b: read('1.0') }).text).toBe('{"b":1.0}');
  });

  it('is parsed for those who look into it', () => {
    expect(read('[1.0,-0]').parse()).toEqual([1, -0]);
    // Outside of `printJson` nothing of ours must show.
    expect(JSON.stringify({ a: read('[1.0]') })).toBe('{"a":[1]}');
  });

  it('of a value is never called plain when a scan finds something in it', () => {
    const odd = fc.constantFrom('__proto__', 'constructor', '\ud83d', 'a\\b', '{', nested(61));
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 80 },
        odd,
        fc.integer(),
        fc.array(tie('any'), { maxLength: 2 }),
        fc.dictionary(odd, tie('any'), { maxKeys: 2 }),
      ),
    })).any;
    const deep = fc.integer({ min: 50, max: 70 }).map((levels) => JSON.parse(nested(levels)) as unknown);
    fc.assert(
      fc.property(fc.oneof(value, deep), (one) => {
        const { isPlain, text } = JsonText.of(one);
        const { depth, hasLoneSurrogate, pollution } = read(text).facts;
        const isReadable = depth <= MAX_DEPTH && !hasLoneSurrogate && pollution === undefined;
        expect(read(text).isPlain).toBe(isReadable);
        if (isPlain) expect(isReadable).toBe(true);
      }),
    );
    expect(JsonText.of({ to: 'a@b.example', n: 1 }).isPlain).toBe(true);
  });

  it('without lone surrogates stays as it is', () => {
    const plain = read('"\\ud83d\\ude00"');
    expect(plain.toWellFormed()).toBe(plain);
    expect(read('"\\ud83d"').toWellFormed()).toEqual(read('"\\ufffd"'));
  });
});
