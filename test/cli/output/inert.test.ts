import { expect, it } from 'vitest';
import { inert, inertJson } from '../../../src/cli/output/inert.ts';

const ALL = Array.from({ length: 0x3000 }, (_, i) => String.fromCodePoint(i)).join('');
const ACTIVE = /(?!\u200c|\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

it('leaves nothing that a terminal acts on, on one line', () => {
  expect(inert(`${ALL}\u{e0041}\ud800`)).not.toMatch(ACTIVE);
  expect(inert('a\n\u001b[31mb\u202e')).toBe('a\\n\\u001b[31mb\\u202e');
});

it('leaves other texts as they are', () => {
  expect(inert('Zoë 日本 👩‍🚀 ±')).toBe('Zoë 日本 👩‍🚀 ±');
});

it('keeps the value of JSON', () => {
  const json = JSON.stringify({ [ALL]: `${ALL}\u{e0041}` });
  expect(inertJson(json)).not.toMatch(ACTIVE);
  expect(JSON.parse(inertJson(json))).toEqual(JSON.parse(json));
});
