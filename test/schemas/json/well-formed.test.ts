import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clip, replaceLoneSurrogates, wellFormedJson } from '../../../src/schemas/json/well-formed.ts';

describe('a clipped text', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'abc…'],
    ['ab😀', 3, 'ab…'],
    ['ab😀', 4, 'ab😀'],
    ['ab😀c', 4, 'ab😀…'],
    ['a\ud83db', 9, 'a\ufffdb'],
    ['\ude00abc', 2, '\ufffda…'],
  ])('of %j with %i units is %j', (text, length, expected) => {
    expect(clip(text, length)).toBe(expected);
  });

  it('cuts no character, wherever it ends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, length) => {
        const clipped = clip(text, length);
        expect(clipped.isWellFormed()).toBe(true);
        expect(clipped.replace(/…$/, '').length).toBeLessThanOrEqual(length);
      }),
    );
  });
});

it('JSON with U+FFFD for lone surrogates has the well-formed strings', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('\\', 'u', 'd83d', '\ud83d', '\ude00', '"', 'x') })),
      (list) => {
        const json = JSON.stringify(list);
        const expected = list.map((text) => text.toWellFormed());
        expect(JSON.parse(replaceLoneSurrogates(json))).toEqual(expected);
        expect(JSON.parse(wellFormedJson(json))).toEqual(expected);
      },
    ),
  );
});
