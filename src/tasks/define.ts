import type { Static, TSchema } from 'typebox';
import type { TaskOptions } from '../schemas/task.ts';
import { TASK_NAME_FORM, TASK_NAME_PATTERN } from '../schemas/values/task-name.ts';
import type { TaskContext, TaskDefinition, TaskHandler } from './types.ts';

/** Members that every TypeBox schema type has. A plain JSON Schema has none, and no type at compile time. */
type TypeBoxSchema = { '~kind': string } | { '~unsafe': unknown };

type Value<S> = S extends TypeBoxSchema & TSchema ? Static<S> : unknown;

type Options = Omit<TaskOptions, 'name' | 'input' | 'output'>;

/** A name makes the definition one that a client can submit by itself. */
type Named<N> = [N] extends [never] ? unknown : { readonly name: N };

interface Typed<I, O, N> extends Options {
  readonly name?: N;
  /** TypeBox schemas, which give payload and result their types. */
  readonly input?: I;
  readonly output?: O;
  readonly handler: (payload: Value<I>, ctx: TaskContext) => Value<O> | Promise<Value<O>>;
}

/** A JSON Schema, which gives no types. */
type PlainSchema = boolean | (object & { readonly '~kind'?: never; readonly '~unsafe'?: never });

interface Plain<P, R, N> extends Options {
  readonly name?: N;
  readonly input?: PlainSchema;
  readonly output?: PlainSchema;
  readonly handler: TaskHandler<P, R>;
}

/**
 * Adds types to a task and returns its argument. The payload has the type of `input` and the result that of `output` if they are
 * TypeBox schemas. Otherwise they have the types that the handler says.
 *
 * @throws {TypeError} for a definition without a handler, or with a name that no task can have. The worker checks the rest.
 */
export function defineTask<P, R>(handler: TaskHandler<P, R>): TaskHandler<P, R>;
export function defineTask<P, R, const N extends string = never>(
  definition: Plain<P, R, N>,
): TaskDefinition<P, R> & Named<N>;
export function defineTask<
  I extends object | boolean = object,
  O extends object | boolean = object,
  const N extends string = never,
>(definition: Typed<I, O, N>): TaskDefinition<Value<I>, Value<O>> & Named<N>;
export function defineTask<T>(definition: T): T {
  const reason = typeof definition === 'function' ? undefined : reasonAgainst(definition);
  if (reason !== undefined) throw new TypeError(`defineTask: ${reason}`);
  return definition;
}

function reasonAgainst(definition: unknown): string | undefined {
  if (typeof definition !== 'object' || definition === null || !('handler' in definition))
    return 'give a function (payload, ctx) => result, or { handler, ... }';
  if (typeof definition.handler !== 'function') return 'handler must be a function (payload, ctx) => result';
  const { name } = definition as { readonly name?: unknown };
  if (name === undefined || (typeof name === 'string' && IS_NAME.test(name))) return undefined;
  return `the name ${JSON.stringify(name)} is not one of a task: ${TASK_NAME_FORM}`;
}

const IS_NAME = new RegExp(TASK_NAME_PATTERN);
