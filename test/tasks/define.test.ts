import { Type } from 'typebox';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineTask } from '../../src/tasks/define.ts';
import type { TaskContext, TaskHandler } from '../../src/tasks/types.ts';

describe('defineTask', () => {
  it('returns its argument', () => {
    const definition = { handler: () => 1 };
    expect(defineTask(definition)).toBe(definition);
    const handler = () => 1;
    expect(defineTask(handler)).toBe(handler);
  });

  const faulty: readonly [unknown, string][] = [
    [{ name: 'a b', handler: () => 1 }, 'the name "a b" is not one of a task: 1 to 128 characters'],
    [{ name: '', handler: () => 1 }, 'the name "" is not one'],
    [{ name: 5, handler: () => 1 }, 'the name 5 is not one'],
    [{ name: 'a' }, '{ handler, ... }'],
    [{ name: 'a', handler: 'x' }, 'handler must be a function'],
    [undefined, 'give a function (payload, ctx) => result'],
    [null, 'give a function'],
  ];
  it.each(faulty)('refuses %j at once', (definition, text) => {
    expect(() => Reflect.apply(defineTask, undefined, [definition])).toThrow(text);
  });

  it('takes types from TypeBox schemas', () => {
    const task = defineTask({
      input: Type.Object({ n: Type.Integer() }),
      output: Type.Object({ value: Type.String() }),
      handler: (payload, ctx) => {
        expectTypeOf(payload).toEqualTypeOf<{ n: number }>();
        expectTypeOf(ctx).toEqualTypeOf<TaskContext>();
        return { value: String(payload.n) };
      },
    });
    expectTypeOf(task.handler).toEqualTypeOf<TaskHandler<{ n: number }, { value: string }>>();
    // @ts-expect-error: the result does not fit the schema.
    defineTask({ output: Type.Object({ value: Type.String() }), handler: () => ({ value: 1 }) });
  });

  it('takes the other type from the handler', () => {
    const measure = defineTask({
      input: Type.Object({ url: Type.String(), width: Type.Integer() }),
      handler: async ({ url, width }) => ({ url, area: width * width }),
    });
    expectTypeOf(measure.handler).toEqualTypeOf<
      TaskHandler<{ url: string; width: number }, { url: string; area: number }>
    >();
    const name = defineTask({
      output: Type.Object({ name: Type.String() }),
      handler: ({ id }: { id: number }) => ({ name: String(id) }),
    });
    expectTypeOf(name.handler).toEqualTypeOf<TaskHandler<{ id: number }, { name: string }>>();
    const next = defineTask({
      name: 'next',
      input: { type: 'object', required: ['n'] },
      output: { type: 'integer' },
      handler: ({ n }: { n: number }) => n + 1,
    });
    expectTypeOf(next.handler).toEqualTypeOf<TaskHandler<{ n: number }, number>>();
    expectTypeOf(next.name).toEqualTypeOf<'next'>();
  });

  it('gives the type unknown without a TypeBox schema', () => {
    defineTask({
      input: { type: 'object' },
      handler: (payload) => {
        expectTypeOf(payload).toBeUnknown();
      },
    });
    defineTask({
      handler: (payload) => {
        expectTypeOf(payload).toBeUnknown();
      },
    });
  });

  it('keeps the name of a definition, and the types that its handler says', () => {
    const greet = defineTask({
      name: 'greet',
      attempts: 3,
      handler: async ({ name }: { name: string }) => ({ text: `Hello ${name}` }),
    });
    expectTypeOf(greet.name).toEqualTypeOf<'greet'>();
    expectTypeOf(greet.handler).toEqualTypeOf<TaskHandler<{ name: string }, { text: string }>>();
    const double = defineTask({
      input: Type.Object({ n: Type.Integer() }),
      name: 'double',
      handler: ({ n }) => 2 * n,
    });
    expectTypeOf(double.name).toEqualTypeOf<'double'>();
    // @ts-expect-error: the payload of the handler does not fit the schema.
    defineTask({ input: Type.Object({ n: Type.Integer() }), handler: (payload: { n: string }) => payload.n });
  });
});
