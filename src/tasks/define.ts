import type { Static, TSchema } from 'typebox';
import type { TaskOptions } from '../schemas/task.ts';
import type { TaskContext, TaskDefinition, TaskHandler } from './types.ts';

/** Members that every TypeBox schema type has. A plain JSON Schema has none, and no type at compile time. */
type TypeBoxSchema = { '~kind': string } | { '~unsafe': unknown };

type Value<S> = S extends TypeBoxSchema & TSchema ? Static<S> : unknown;

type Definition<I, O> = Omit<TaskOptions, 'input' | 'output'> & {
  readonly input?: I;
  readonly output?: O;
  readonly handler: (payload: Value<I>, ctx: TaskContext) => Value<O> | Promise<Value<O>>;
};

/**
 * Adds types to a task module and returns its argument. The payload has the type of `input` and the result that of
 * `output` if they are TypeBox schemas; otherwise they are `unknown`.
 */
export function defineTask<P, R>(handler: TaskHandler<P, R>): TaskHandler<P, R>;
export function defineTask<I extends object | boolean = object, O extends object | boolean = object>(
  definition: Definition<I, O>,
): TaskDefinition<Value<I>, Value<O>>;
export function defineTask<T>(definition: T): T {
  return definition;
}
