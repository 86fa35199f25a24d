import { parse } from 'node:path';
import type { Fault } from '../schemas/problem.ts';
import { TaskOptions } from '../schemas/task.ts';
import { compileSchema } from '../schemas/validation/compile.ts';
import { durationMs, MAX_DURATION_MS, MAX_TIMEOUT_MS } from '../schemas/values/duration.ts';
import { schemaFingerprint } from './fingerprint.ts';
import type { BackoffMs, LoadedTask, TaskHandler } from './types.ts';

export type CheckedTask =
  | { readonly ok: true; readonly task: LoadedTask }
  /** Pointers into the options; '' for a fault of the whole module. */
  | { readonly ok: false; readonly faults: Fault[] };

type Check = LoadedTask['validateInput'];

const ACCEPTED: readonly string[] = [];

const refuse = (detail: string): CheckedTask => ({ ok: false, faults: [{ pointer: '', detail }] });

const optionsSchema = compileSchema(TaskOptions, { isOurs: true });

/**
 * Makes a task of the default export of a module, or lists every fault in it.
 *
 * @param file absolute path of the module. Its base name is the default name of the task.
 */
export function checkTask(file: string, exported: unknown): CheckedTask {
  if (exported === undefined) {
    return refuse('has no default export: export a function (payload, ctx) => result, or { handler, ... }');
  }
  const wrongKind = wrongFunction(exported);
  if (wrongKind !== undefined) return refuse(`its default export is ${wrongKind}`);
  if (isHandler(exported)) return buildTask(file, exported, {});
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported)) {
    return refuse(`its default export is ${kindOf(exported)}, not a function or { handler, ... }`);
  }
  const { handler, ...options } = exported as Record<string, unknown>;
  const faults = optionFaults(options);
  const wrong =
    wrongFunction(handler) ?? (isHandler(handler) ? undefined : `${kindOf(handler)}, not a function`);
  if (wrong !== undefined || !isHandler(handler)) {
    faults.unshift({ pointer: '/handler', detail: `is ${wrong}` });
    return { ok: false, faults };
  }
  if (faults.length > 0) return { ok: false, faults };
  return buildTask(file, handler, options);
}

const isHandler = (value: unknown): value is TaskHandler => typeof value === 'function';

/** Functions that would never run as a handler. */
function wrongFunction(value: unknown): string | undefined {
  if (typeof value !== 'function') return undefined;
  if (/^class\b/.test(Function.prototype.toString.call(value)))
    return 'a class, which the worker cannot call: use a function (payload, ctx) => result';
  if (!/Generator/.test(Object.prototype.toString.call(value))) return undefined;
  return 'a generator function, whose body the worker would not run: use an async function, and report steps by ctx.progress';
}

export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}

function optionFaults(options: Record<string, unknown>): Fault[] {
  if (!optionsSchema.ok) throw new Error(`TaskOptions is not a schema: ${optionsSchema.reason}`);
  return optionsSchema.check(options);
}

/** A fault as one sentence for the author of a task, who writes `backoff.delay`, not `/backoff/delay`. */
export function reasonOf({ pointer, detail }: Fault): string {
  const member = pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  return pointer === '' ? detail : `${member} ${detail}`;
}

function buildTask(file: string, handler: TaskHandler, options: TaskOptions): CheckedTask {
  const name = options.name ?? parse(file).name;
  const input = readSchema('input', options.input);
  const output = readSchema('output', options.output);
  const faults = [
    ...(options.name === undefined ? optionFaults({ name }) : []),
    ...durationFaults(options),
    ...input.faults,
    ...output.faults,
  ];
  if (faults.length > 0) return { ok: false, faults };
  const fingerprint = schemaFingerprint(input.schema);
  const task: LoadedTask = {
    fingerprint,
    name,
    file,
    handler,
    thread: options.thread ?? false,
    options,
    validateInput: input.check,
    refusersOf: (payload) => (input.check(payload).length === 0 ? ACCEPTED : [fingerprint]),
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
  readonly faults: readonly Fault[];
}

/** Compiles the schema in the form in which the API receives it: converted to JSON and back. */
function readSchema(member: 'input' | 'output', written: TaskOptions['input']): ReadSchema {
  const none: ReadSchema = { check: (): Fault[] => [], faults: [] };
  const fault = (detail: string): ReadSchema => ({
    ...none,
    faults: [{ pointer: `/${member}`, detail }],
  });
  if (written === undefined) return none;
  const schema = throughJson(written);
  if (schema === undefined) return fault('cannot be written as JSON');
  const compiled = compileSchema(schema);
  if (!compiled.ok) return fault(`is not a JSON Schema: ${compiled.reason}`);
  return { schema, check: (value) => compiled.check(value), faults: [] };
}

function throughJson(schema: NonNullable<TaskOptions['input']>): typeof schema | undefined {
  try {
    return JSON.parse(JSON.stringify(schema));
  } catch {
    return undefined;
  }
}

/** The schema cannot limit a duration that is written as a string. */
function durationFaults({ backoff, timeoutMs }: TaskOptions): Fault[] {
  const limits: [string, string | number | undefined, number][] = [
    ['/backoff/delay', backoff?.delay, MAX_DURATION_MS],
    ['/backoff/max', backoff?.max, MAX_DURATION_MS],
    ['/timeoutMs', timeoutMs, MAX_TIMEOUT_MS],
  ];
  return limits
    .filter(([, value, max]) => value !== undefined && durationMs(value) > max)
    .map(([pointer, , max]) => ({ pointer, detail: `must be <= ${max} ms` }));
}

function backoffMs({ delay, max, ...rest }: NonNullable<TaskOptions['backoff']>): BackoffMs {
  return { ...rest, delay: durationMs(delay), ...(max === undefined ? {} : { max: durationMs(max) }) };
}
