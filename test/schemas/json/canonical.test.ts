import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/schemas/json/canonical.ts';
import { JsonText } from '../../../src/schemas/json/json-text.ts';

const canonical = (text: string) => canonicalJson(JsonText.read(text), 'exact');

describe('canonical JSON', () => {
  it.each([
    ['1', '1.0', '10e-1', '0.1E1', '100e-2', '1e0', '0.01e+2'],
    ['0', '-0', '0.0', '0e5', '-0.000'],
    ['1e400', '10e399', '1000e397', '0.1e401'],
    ['9007199254740993', '9007199254740993.0', '9.007199254740993e15'],
    ['1e21', '1000000000000000000000', '1E+21'],
    ['-1.5', '-15e-1', '-1.50'],
    ['"é"', '"\\u00e9"', '"\\u00E9"'],
    ['"/"', '"\\/"'],
    ['{"a":1,"b":[2,{}]}', ' { "b" : [ 2.0 , { } ] , "a" : 1 } ', '{"\\u0061":1,"b":[2,{}]}'],
    ['{"a":2}', '{"a":1,"a":2}'],
    ['[true,false,null]', '[ true, false, null ]'],
  ])('of %s is that of its other spellings', (first, ...others) => {
    for (const other of others) expect(canonical(other), other).toBe(canonical(first));
  });

  it.each([
    ['9007199254740992', '9007199254740993'],
    ['1e400', '1e401'],
    ['1e400', 'null'],
    ['0.1', '0.10000000000000001'],
    ['1', '-1'],
    ['1', '"1"'],
    ['[1,2]', '[2,1]'],
    ['{"a":1}', '{"b":1}'],
    ['1e999999999999999999', '1e999999999999999998'],
    ['""', '" "'],
  ])('of %s is not that of %s', (one, other) => {
    expect(canonical(one)).not.toBe(canonical(other));
  });

  it('of values that JavaScript holds exactly is what older releases made', () => {
    const sorted = (value: unknown): string => {
      if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
      if (typeof value !== 'object' || value === null) return JSON.stringify(value);
      const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${sorted(member)}`).join(',')}}`;
    };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // Through JSON: -0 becomes 0.
        const text = JSON.stringify(value);
        expect(canonical(text)).toBe(sorted(JSON.parse(text)));
        expect(canonicalJson({ payload: JsonText.read(text) }, 'rounded')).toBe(
          sorted({ payload: JSON.parse(text) }),
        );
      }),
    );
  });

  it('with rounded numbers is that of the parsed value, as older releases compared', () => {
    const rounded = (text: string) => canonicalJson(JsonText.read(text), 'rounded');
    expect(rounded('[9007199254740993,1e400,1.0]')).toBe('[9007199254740992,null,1]');
  });

  it('of a text that is nested too deeply to be stored is the text', () => {
    const text = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(canonical(text)).toBe(text);
    expect(canonical(`${'['.repeat(1_000)} 1.0 ${']'.repeat(1_000)}`)).toContain('[1]');
  });
});
