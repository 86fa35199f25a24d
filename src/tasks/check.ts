import { parse } from 'node:path';
import { compileSchema } from '../schemas/compile.ts';
import { durationMs, MAX_DURATION_MS, MAX_TIMEOUT_MS } from '../schemas/duration.ts';
import type { Fault } from '../schemas/problem.ts';
import { TaskOptions } from '../schemas/task.ts';
import type { BackoffMs, LoadedTask, TaskHandler } from './types.ts';

export type CheckedTask =
  | { readonly ok: true; readonly task: LoadedTask }
  | { readonly ok: false; readonly reasons: readonly string[] };

type Check = LoadedTask['validateInput'];

const refuse = (...reasons: string[]): CheckedTask => ({ ok: false, reasons });

const optionsSchema = compileSchema(TaskOptions);

/**
 * Makes a task of what a module exports as default, or says everything that is wrong with it.
 *
 * @param file absolute path of the module; its base name names a task that does not name itself.
 */
export function checkTask(file: string, exported: unknown): CheckedTask {
  if (exported === undefined) {
    return refuse('has no default export: export a function (payload, ctx) => result, or { handler, ... }');
  }
  if (isHandler(exported)) return buildTask(file, exported, {});
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported)) {
    return refuse(`its default export is ${kindOf(exported)}, not a function or { handler, ... }`);
  }
  const { handler, ...options } = exported as Record<string, unknown>;
  const reasons = optionFaults(options);
  if (!isHandler(handler)) reasons.unshift(`handler is ${kindOf(handler)}, not a function`);
  if (!isHandler(handler) || reasons.length > 0) return refuse(...reasons);
  return buildTask(file, handler, options);
}

const isHandler = (value: unknown): value is TaskHandler => typeof value === 'function';

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}

function optionFaults(options: Record<string, unknown>): string[] {
  if (!optionsSchema.ok) throw new Error(`TaskOptions is not a schema: ${optionsSchema.reason}`);
  return optionsSchema.check(options).map(({ pointer, detail }) => `${dotted(pointer)} ${detail}`);
}

/** A task's author knows `backoff.delay`, not `/backoff/delay`. */
const dotted = (pointer: string): string =>
  pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');

function buildTask(file: string, handler: TaskHandler, options: TaskOptions): CheckedTask {
  const name = options.name ?? parse(file).name;
  const input = readSchema('input', options.input);
  const output = readSchema('output', options.output);
  const reasons = [
    ...(options.name === undefined ? optionFaults({ name }) : []),
    ...durationFaults(options),
    ...input.reasons,
    ...output.reasons,
  ];
  if (reasons.length > 0) return refuse(...reasons);
  const task: LoadedTask = {
    name,
    file,
    handler,
    thread: options.thread ?? false,
    options,
    validateInput: input.check,
    validateOutput: (result) => output.check(result ?? null),
    ...(input.schema === undefined ? {} : { input: input.schema }),
    ...(output.schema === undefined ? {} : { output: output.schema }),
    ...(options.attempts === undefined ? {} : { attempts: options.attempts }),
    ...(options.backoff === undefined ? {} : { backoff: backoffMs(options.backoff) }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: durationMs(options.timeoutMs) }),
  };
  return { ok: true, task };
}

interface ReadSchema {
  readonly schema?: NonNullable<TaskOptions['input']>;
  readonly check: Check;
  readonly reasons: readonly string[];
}

/** Compiles the schema as the API will see it: after a way through JSON. */
function readSchema(member: 'input' | 'output', written: TaskOptions['input']): ReadSchema {
  const anything: ReadSchema = { check: (): Fault[] => [], reasons: [] };
  if (written === undefined) return anything;
  const schema = throughJson(written);
  if (schema === undefined) return { ...anything, reasons: [`${member} cannot be written as JSON`] };
  const compiled = compileSchema(schema);
  if (!compiled.ok) return { ...anything, reasons: [`${member} is not a JSON Schema: ${compiled.reason}`] };
  return { schema, check: (value) => compiled.check(value), reasons: [] };
}

function throughJson(schema: NonNullable<TaskOptions['input']>): typeof schema | undefined {
  try {
    return JSON.parse(JSON.stringify(schema));
  } catch {
    return undefined;
  }
}

/** A duration written as a string has no upper bound in the schema. */
function durationFaults({ backoff, timeoutMs }: TaskOptions): string[] {
  const limits: [string, string | number | undefined, number][] = [
    ['backoff.delay', backoff?.delay, MAX_DURATION_MS],
    ['backoff.max', backoff?.max, MAX_DURATION_MS],
    ['timeoutMs', timeoutMs, MAX_TIMEOUT_MS],
  ];
  return limits
    .filter(([, value, max]) => value !== undefined && durationMs(value) > max)
    .map(([member, , max]) => `${member} must be <= ${max} ms`);
}

function backoffMs({ delay, max, ...rest }: NonNullable<TaskOptions['backoff']>): BackoffMs {
  return { ...rest, delay: durationMs(delay), ...(max === undefined ? {} : { max: durationMs(max) }) };
}
