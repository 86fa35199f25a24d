import { expect, it } from 'vitest';
import { isTooDeep, MAX_DEPTH } from '../../../src/schemas/validation/depth.ts';

const nest = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = wrap(value);
  return value;
};
const isDeep = (value: unknown) => isTooDeep(value, JSON.stringify(value).length);

it.each([
  ['arrays', (inner: unknown) => [inner]],
  ['objects', (inner: unknown) => ({ a: 1, b: inner })],
])(`accepts ${MAX_DEPTH} levels of %s and no more`, (_, wrap) => {
  expect(isDeep(nest(MAX_DEPTH, wrap))).toBe(false);
  expect(isDeep(nest(MAX_DEPTH + 1, wrap))).toBe(true);
});

it('accepts a long value that is flat', () => {
  expect(isDeep(Array(10_000).fill({ a: [1] }))).toBe(false);
  expect(isDeep('x'.repeat(10_000))).toBe(false);
});
