import type { Static, TSchema } from 'typebox';
import type { TaskOptions } from '../schemas/task.ts';
import { TASK_NAME_FORM, TASK_NAME_PATTERN } from '../schemas/values/task-name.ts';
import type { TaskDefinition, TaskHandler } from './types.ts';

/** Members that every TypeBox schema type has. A plain JSON Schema has none, and no type at compile time. */
type TypeBoxSchema = { '~kind': string } | { '~unsafe': unknown };

type Typed = TypeBoxSchema & TSchema;

type Options = Omit<TaskOptions, 'name' | 'input' | 'output'>;

/** A JSON Schema, which gives no types. A literal of one may have any keywords. */
type PlainSchema =
  | boolean
  | (object & { readonly '~kind'?: never; readonly '~unsafe'?: never })
  | { readonly [keyword: string]: unknown; readonly '~kind'?: never; readonly '~unsafe'?: never };

/** A name makes the definition one that a client can submit by itself. */
type Named<N> = [N] extends [never] ? unknown : { readonly name: N };

/** `I`, `O`: its schemas. `P`, `R`: the types of payload and result. */
interface Given<I, O, P, R, N> extends Options {
  readonly name?: N;
  readonly input?: I;
  readonly output?: O;
  readonly handler: TaskHandler<P, R>;
}

/** A schema that must be there. */
type With<K extends 'input' | 'output', S> = { readonly [key in K]: S };

/**
 * Adds types to a task and returns its argument. The payload has the type of `input` and the result that of `output` where they are
 * TypeBox schemas. Otherwise it has the type that the handler says.
 *
 * @throws {TypeError} for a definition without a handler, or with a name that no task can have. The worker checks the rest.
 */
export function defineTask<P, R>(handler: TaskHandler<P, R>): TaskHandler<P, R>;
export function defineTask<I extends Typed, O extends Typed, const N extends string = never>(
  definition: Given<I, O, Static<I>, Static<O>, N> & With<'input', I> & With<'output', O>,
): TaskDefinition<Static<I>, Static<O>> & Named<N>;
export function defineTask<I extends Typed, R, const N extends string = never>(
  definition: Given<I, PlainSchema, Static<I>, R, N> & With<'input', I>,
): TaskDefinition<Static<I>, R> & Named<N>;
export function defineTask<P, O extends Typed, const N extends string = never>(
  definition: Given<PlainSchema, O, P, Static<O>, N> & With<'output', O>,
): TaskDefinition<P, Static<O>> & Named<N>;
// The compiler tells what is wrong with the last one alone.
export function defineTask<P, R, const N extends string = never>(
  definition: Given<PlainSchema, PlainSchema, P, R, N>,
): TaskDefinition<P, R> & Named<N>;
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
