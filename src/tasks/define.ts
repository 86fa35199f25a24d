import type { Static, TSchema } from 'typebox';
import type { TaskOptions } from '../schemas/task.ts';
import type { TaskContext, TaskDefinition, TaskHandler } from './types.ts';

/** Marks that TypeBox leaves in its types; a plain JSON Schema has none, so it tells nothing at compile time. */
type TypeBoxSchema = { '~kind': string } | { '~unsafe': unknown };

type Value<S> = S extends TypeBoxSchema & TSchema ? Static<S> : unknown;

type Definition<I, O> = Omit<TaskOptions, 'input' | 'output'> & {
  readonly input?: I;
  readonly output?: O;
  readonly handler: (payload: Value<I>, ctx: TaskContext) => Value<O> | Promise<Value<O>>;
};

/**
 * Gives a task module types, no more: the payload's from `input`, the result's from `output`, where they are
 * TypeBox schemas, else `unknown`. Returns what it was given.
 */
export function defineTask<P, R>(handler: TaskHandler<P, R>): TaskHandler<P, R>;
export function defineTask<I extends object | boolean = object, O extends object | boolean = object>(
  definition: Definition<I, O>,
): TaskDefinition<Value<I>, Value<O>>;
export function defineTask<T>(definition: T): T {
  return definition;
}
