import { Ajv2020 } from 'ajv/dist/2020.js';
import { type TSchema, Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { type SchemaError, toFaults } from '../../../src/schemas/validation/faults.ts';

function faultsOf(schema: TSchema, value: unknown, verbose = true) {
  const ajv = new Ajv2020({ allErrors: true, verbose, strict: false });
  const validate = ajv.compile(schema);
  expect(validate(value)).toBe(false);
  return toFaults(validate.errors);
}

describe('toFaults', () => {
  it('gives no faults without errors', () => {
    expect([toFaults(null), toFaults(undefined), toFaults([])]).toEqual([[], [], []]);
  });

  it('points to a missing field itself', () => {
    const schema = Type.Object({ job: Type.Object({ n: Type.Integer() }) });
    expect(faultsOf(schema, { job: {} })).toEqual([{ pointer: '/job/n', detail: 'is required' }]);
  });

  it('lists the known fields when a field is unknown', () => {
    const schema = Type.Object({ a: Type.Integer(), b: Type.Integer() }, { additionalProperties: false });
    const value = { a: 1, b: 2, c: 3 };
    const detail = 'is not a known field; known are: a, b';
    expect(faultsOf(schema, value)).toEqual([{ pointer: '/c', detail }]);
    expect(faultsOf(schema, value, false)).toEqual([{ pointer: '/c', detail: 'is not a known field' }]);
  });

  it('treats unevaluated fields like unknown ones', () => {
    const schema = { allOf: [{ properties: { a: {} } }], unevaluatedProperties: false };
    expect(faultsOf(schema, { b: 1 })).toEqual([{ pointer: '/b', detail: 'is not a known field' }]);
  });

  it('escapes pointers as RFC 6901 requires', () => {
    const schema = Type.Object({ 'a/b~c': Type.Integer() });
    expect(faultsOf(schema, {})).toEqual([{ pointer: '/a~1b~0c', detail: 'is required' }]);
    expect(faultsOf(schema, { 'a/b~c': 'x' })[0]?.pointer).toBe('/a~1b~0c');
  });

  it('prefixes every pointer with the base', () => {
    const error: SchemaError = {
      keyword: 'required',
      instancePath: '/x',
      schemaPath: '#/required',
      params: { missingProperty: 'y' },
    };
    expect(toFaults([error], '/payload')).toEqual([{ pointer: '/payload/x/y', detail: 'is required' }]);
  });

  it.each([
    [{ enum: ['a'] }, 'must be "a"'],
    [{ enum: ['a', 'b'] }, 'must be "a" or "b"'],
    [{ enum: ['a', 'b', 'c', 4] }, 'must be one of "a", "b", "c", 4'],
    [{ const: 7 }, 'must be 7'],
    [{ type: 'integer' }, 'must be integer'],
    [{ type: ['integer', 'null'] }, 'must be integer or null'],
    [{ type: 'string', pattern: '^a$' }, 'must match pattern "^a$"'],
    [{ type: 'string', maxLength: 1 }, 'must NOT have more than 1 characters'],
    [{ not: {} }, 'is not allowed'],
    [false, 'is not allowed'],
  ])('explains a fault of %j', (inner, detail) => {
    expect(faultsOf({ properties: { x: inner } }, { x: 'zz' })).toEqual([{ pointer: '/x', detail }]);
  });

  it('explains type and pattern faults with the description of the schema', () => {
    const schema = Type.String({ pattern: '^a$', description: 'The letter a.' });
    expect(faultsOf(schema, 'b')).toEqual([
      { pointer: '', detail: 'does not have the right form. The letter a.' },
    ]);
    expect(faultsOf(schema, 1)).toEqual([{ pointer: '', detail: 'must be string. The letter a.' }]);
  });

  it('names the fields of an object that is empty', () => {
    const schema = { properties: { a: {}, b: {} }, minProperties: 1 };
    expect(faultsOf(schema, {})).toEqual([{ pointer: '', detail: 'must have at least one of: a, b' }]);
    expect(faultsOf({ minProperties: 1 }, {})).toEqual([{ pointer: '', detail: 'must not be empty' }]);
  });

  it('gives different faults of one value once each', () => {
    const schema = { allOf: [{ minLength: 3, pattern: '^a' }, { pattern: '^a' }] };
    expect(faultsOf(schema, 'b').map(({ detail }) => detail)).toEqual([
      'must NOT have fewer than 3 characters',
      'must match pattern "^a"',
    ]);
  });

  it('points to a field that another field requires', () => {
    const schema = { dependentRequired: { a: ['b'] } };
    expect(faultsOf(schema, { a: 1 })).toEqual([{ pointer: '/b', detail: 'is required when a is given' }]);
  });

  it('points once to a field whose name is invalid', () => {
    const schema = { propertyNames: { pattern: '^[a-z]+$' } };
    const faults = faultsOf(schema, { 'A b': 1 });
    expect(faults).toEqual([{ pointer: '/A b', detail: 'has a name that must match pattern "^[a-z]+$"' }]);
  });

  it('leaves out the errors of if, which repeat those of then', () => {
    const schema = JSON.parse('{"if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]}}');
    expect(faultsOf(schema, { a: 1 })).toEqual([{ pointer: '/b', detail: 'is required' }]);
  });

  it('reads no more than 200 errors', () => {
    expect(faultsOf(Type.Array(Type.Integer()), Array(1_000).fill('x'))).toHaveLength(200);
  });
});

describe('toFaults of a union', () => {
  it('merges the types and values that its branches accept', () => {
    expect(faultsOf(Type.Union([Type.String(), Type.Null()]), 1)).toEqual([
      { pointer: '', detail: 'must be string or null' },
    ]);
    expect(faultsOf(Type.Union([Type.Literal('a'), Type.Literal('b')]), 'c')).toEqual([
      { pointer: '', detail: 'must be "a" or "b"' },
    ]);
  });

  const shapes = [
    Type.Object({ kind: Type.Literal('circle'), radius: Type.Number() }),
    Type.Object({ kind: Type.Literal('square'), side: Type.Number() }),
  ];

  it('gives the faults of the closest branch', () => {
    const value = { shape: { kind: 'circle', radius: 'x' } };
    expect(faultsOf(Type.Object({ shape: Type.Union(shapes) }), value)).toEqual([
      { pointer: '/shape/radius', detail: 'must be number' },
    ]);
  });

  it('finds the closest branch behind references', () => {
    const schema = {
      $defs: { circle: shapes[0], square: shapes[1] },
      oneOf: [{ $ref: '#/$defs/circle' }, { $ref: '#/$defs/square' }],
    };
    expect(faultsOf(schema, { kind: 'square', side: 'x' })).toEqual([
      { pointer: '/side', detail: 'must be number' },
    ]);
  });

  it('ignores the branches of another type', () => {
    const schema = Type.Union([Type.String(), Type.Object({ n: Type.Integer() })]);
    expect(faultsOf(schema, { n: 'x' })).toEqual([{ pointer: '/n', detail: 'must be integer' }]);
  });

  it('gives one fault when no branch is closest', () => {
    expect(faultsOf(Type.Object({ shape: Type.Union(shapes) }), { shape: { kind: 'x' } })).toEqual([
      { pointer: '/shape', detail: 'matches none of the allowed forms' },
    ]);
  });

  it('gives a fault when more than one branch of oneOf matches', () => {
    expect(faultsOf({ oneOf: [{ type: 'integer' }, { minimum: 1 }, { type: 'string' }] }, 5)).toEqual([
      { pointer: '', detail: 'matches more than one of the allowed forms' },
    ]);
  });

  it('folds a union within a union', () => {
    const schema = Type.Union([Type.Union([Type.String(), Type.Null()]), Type.Boolean()]);
    expect(faultsOf(schema, 1)).toEqual([{ pointer: '', detail: 'must be string, null or boolean' }]);
  });

  it('keeps the faults of values beside the union', () => {
    const before = { not: { minLength: 2 }, anyOf: [{ pattern: '^a' }, { pattern: '^c', maxLength: 1 }] };
    expect(faultsOf(before, 'bb')).toEqual([
      { pointer: '', detail: 'is not allowed' },
      { pointer: '', detail: 'must match pattern "^a"' },
    ]);
    const after = { required: ['b'], anyOf: [{ required: ['c'] }, { required: ['d'], minProperties: 3 }] };
    expect(faultsOf(after, { a: 1 })).toEqual([
      { pointer: '/c', detail: 'is required' },
      { pointer: '/b', detail: 'is required' },
    ]);
  });
});
