import { expect, it } from 'vitest';
import { encodeJson } from '../../src/core/encode-json.ts';
import { MAX_DEPTH } from '../../src/schemas/validation/depth.ts';

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = [value];
  return value;
};

it('gives the JSON text of a value', () => {
  expect(encodeJson({ a: [1, null, 'x'] })).toBe('{"a":[1,null,"x"]}');
});

it(`accepts ${MAX_DEPTH} levels`, () => {
  expect(encodeJson(nested(MAX_DEPTH))).toHaveLength(2 * MAX_DEPTH + 1);
});

it.each([MAX_DEPTH + 1, 100_000])('refuses %i levels, with a pointer to the value', (levels) => {
  expect(() => encodeJson(nested(levels), '/result')).toThrow(
    expect.objectContaining({
      code: 'invalid-request',
      errors: [{ pointer: '/result', detail: `must not be nested deeper than ${MAX_DEPTH} levels` }],
    }),
  );
});
