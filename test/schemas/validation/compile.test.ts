import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { compileSchema } from '../../../src/schemas/validation/compile.ts';

function faultsOf(schema: object | boolean, value: unknown) {
  const compiled = compileSchema(schema);
  if (!compiled.ok) throw new Error(compiled.reason);
  return compiled.check(value);
}

describe('compileSchema', () => {
  it('gives every fault of a value', () => {
    const schema = Type.Object({ a: Type.Integer(), b: Type.Integer() });
    expect(faultsOf(schema, { a: 'x', b: 'y' })).toEqual([
      { pointer: '/a', detail: 'must be integer' },
      { pointer: '/b', detail: 'must be integer' },
    ]);
    expect(faultsOf(schema, { a: 1, b: 2 })).toEqual([]);
  });

  it('compiles a schema of ours once, and once more where values are converted', () => {
    const schema = Type.Object({ a: Type.Integer() });
    const plain = compileSchema(schema, { isOurs: true });
    const converting = compileSchema(schema, { isOurs: true, coerce: true });
    expect(compileSchema(schema, { isOurs: true })).toBe(plain);
    expect(compileSchema(schema, { isOurs: true, coerce: true })).toBe(converting);
    expect([plain, converting].map((one) => one.ok && one.check({ a: '1' }).length)).toEqual([1, 0]);
    expect(compileSchema(schema)).not.toBe(plain);
  });

  it('compiles a schema of ours when it first checks a value', () => {
    let reads = 0;
    const schema = {
      get type() {
        reads += 1;
        return 'integer';
      },
    };
    const compiled = compileSchema(schema, { isOurs: true });
    expect(reads).toBe(0);
    expect(compiled.ok && compiled.check('x')).toEqual([{ pointer: '', detail: 'must be integer' }]);
  });

  it('takes a schema that refers to the schema of schemas', () => {
    const schema = { $ref: 'https://json-schema.org/draft/2020-12/schema' };
    expect(faultsOf(schema, { type: 'object' })).toEqual([]);
    expect(faultsOf(schema, { type: 'wrong' })).not.toEqual([]);
  });

  it('ends a detail with the description in the schema', () => {
    const schema = Type.Object({ a: Type.Integer({ description: 'A count.' }) });
    expect(faultsOf(schema, { a: 'x' })).toEqual([{ pointer: '/a', detail: 'must be integer. A count.' }]);
  });

  it('gives only the first fault of a large value', () => {
    expect(faultsOf(Type.Array(Type.Integer()), Array(10_000).fill('x'))).toHaveLength(1);
  });

  it('does not change the value', () => {
    const value = { a: 1, extra: true };
    const schema = Type.Object({ a: Type.Integer(), b: Type.Optional(Type.Integer({ default: 2 })) });
    expect(faultsOf(schema, value)).toEqual([]);
    expect(value).toEqual({ a: 1, extra: true });
  });

  it('uses draft 2020-12 by default and draft-07 when the schema names it', () => {
    const tuple = { prefixItems: [{ type: 'integer' }] };
    expect(faultsOf(tuple, ['x'])).toEqual([{ pointer: '/0', detail: 'must be integer' }]);
    const old = { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'integer' }] };
    expect(faultsOf(old, ['x'])).toEqual([{ pointer: '/0', detail: 'must be integer' }]);
  });

  it('checks formats', () => {
    expect(faultsOf({ format: 'uuid' }, 'x')).toEqual([{ pointer: '', detail: 'must match format "uuid"' }]);
  });

  it('accepts one $id for different schemas', () => {
    const value = 'x';
    expect(faultsOf({ $id: 'urn:test:same', type: 'string' }, value)).toEqual([]);
    expect(faultsOf({ $id: 'urn:test:same', type: 'integer' }, value)).toHaveLength(1);
  });

  it('gives a fault for a value that is too deep for a recursive schema', () => {
    let deep: unknown[] = [];
    for (let level = 0; level < 200_000; level += 1) deep = [deep];
    const schema = { type: 'array', items: { $ref: '#' } };
    expect(faultsOf(schema, deep)).toEqual([{ pointer: '', detail: 'is nested too deeply' }]);
  });

  it.each([
    [{ type: 'nonsense' }, /type/],
    [{ $ref: '#/$defs/missing' }, /resolve/],
    [{ $async: true, type: 'string' }, /async/],
    [{ type: 'string', pattern: '(' }, /pattern|regular expression/i],
  ])('refuses %j', (schema, reason) => {
    expect(compileSchema(schema)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });
});
