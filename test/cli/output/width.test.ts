import { expect, it } from 'vitest';
import { cutTo, padTo, widthOf } from '../../../src/cli/output/width.ts';

it.each([
  ['abc', 3],
  ['日本', 4],
  ['e\u0301', 1],
  ['👍', 2],
])('counts the places of %s', (text, places) => expect(widthOf(text)).toBe(places));

it('cuts a text with an ellipsis', () => {
  expect(cutTo('abcdef', 4)).toBe('abc…');
  expect(cutTo('日本語', 4)).toBe('日…');
  expect(cutTo('abc', 3)).toBe('abc');
});

it('pads on either side', () => {
  expect(padTo('日', 4, 'left')).toBe('日  ');
  expect(padTo('7', 3, 'right')).toBe('  7');
});
