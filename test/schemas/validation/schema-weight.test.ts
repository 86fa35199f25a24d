import { describe, expect, it } from 'vitest';
import { weightOf } from '../../../src/schemas/validation/schema-weight.ts';

const tree = (more: object = {}) => ({
  $ref: '#/$defs/node',
  $defs: {
    node: {
      type: 'object',
      properties: { value: { type: 'number' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } },
      ...more,
    },
  },
});

/** Each level visits the same value twice as often. */
const bomb = (levels: number) => {
  const defs = Array.from({ length: levels }, (_, i) => [
    `d${i}`,
    { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] },
  ]);
  return { $ref: '#/$defs/d0', $defs: { ...Object.fromEntries(defs), [`d${levels}`]: { type: 'number' } } };
};

describe('the weight of a schema', () => {
  it('counts what is done with one value, at most', () => {
    const property = { type: 'string', minLength: 1, maxLength: 9 };
    const few = weightOf({ properties: { a: property } });
    expect(few).toMatchObject({ hard: 0, degree: 1 });
    expect(few?.plain).toBeLessThan(20);
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`m${i}`, property]));
    // The members are different values.
    expect(weightOf({ properties: { a: { properties: many } } })?.plain).toBeLessThan(300);
    // Each branch sees the same value.
    expect(weightOf({ allOf: Array(200).fill(property) })?.plain).toBeGreaterThan(1_000);
    expect(weightOf(true)).toMatchObject({ plain: 1 });
  });

  it('is known for a tree, and unknown where each level multiplies the visits', () => {
    expect(weightOf(tree())?.plain).toBeLessThan(20);
    expect(weightOf(bomb(4))?.plain).toBeGreaterThan(16);
    expect(weightOf(bomb(20))).toBeUndefined();
    const twice = { properties: { children: { items: { $ref: '#/$defs/node' } } } };
    expect(weightOf(tree({ allOf: [twice] }))).toBeUndefined();
    expect(weightOf({ allOf: [{ $ref: '#' }] })).toBeUndefined();
  });

  it('takes the patterns in, also those of names', () => {
    expect(weightOf({ pattern: '^a+$' })).toMatchObject({ hard: 0 });
    expect(weightOf({ pattern: '\\d+x' })).toMatchObject({ hard: 1, degree: 2 });
    expect(weightOf({ format: 'email' })).toMatchObject({ hard: 1, degree: 2 });
    expect(weightOf({ properties: { a: { pattern: '^(a+)+$' } } })).toBeUndefined();
    expect(weightOf({ patternProperties: { '^(a+)+$': true } })).toBeUndefined();
    expect(weightOf({ propertyNames: { pattern: '^(a+)+$' } })).toBeUndefined();
    expect(weightOf({ items: [{ pattern: '^(a+)+$' }] })).toBeUndefined();
    expect(weightOf({ if: { pattern: '^(a+)+$' } })).toBeUndefined();
  });

  it.each([
    { $ref: 'https://example.com/other' },
    { $ref: '#/$defs/missing' },
    { $ref: '#anchor' },
    { $dynamicRef: '#node' },
    { properties: { a: { $id: 'urn:a', $ref: '#/$defs/b' } }, $defs: { b: true } },
  ])('is unknown where another schema is meant: %j', (schema) => {
    expect(weightOf(schema)).toBeUndefined();
  });
});
