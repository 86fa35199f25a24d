import { Ajv, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Fault } from '../problem.ts';
import { toFaults } from './faults.ts';
import { UNIQUE_ITEMS } from './unique-items.ts';

export type CompiledSchema =
  | {
      readonly ok: true;
      /** Empty when the value matches the schema. `base` is the prefix of every pointer. */
      check(value: unknown, base?: string, extent?: 'all' | 'first'): Fault[];
    }
  | { readonly ok: false; readonly reason: string };

/** A value with more parts than this gets only its first fault: a list of a million wrong items has a million faults. */
const MAX_PARTS_FOR_ALL_FAULTS = 5_000;

/**
 * Compiles a JSON Schema: draft 2020-12, or draft-07 if its `$schema` says so. Ignores unknown keywords and formats, as
 * the specification requires. An unresolved `$ref` is a fault. A check does not change the value; with `coerce`, which
 * is for values that arrive as text, it converts types in place. `isOurs` skips the check of the schema itself, and
 * compiles each schema once, when it first checks a value.
 */
export function compileSchema(
  schema: object | boolean,
  { coerce = false, isOurs = false } = {},
): CompiledSchema {
  if (!isOurs || typeof schema !== 'object') return compileNew(schema, coerce, isOurs);
  const known = coerce ? ours.converting : ours.plain;
  const compiled = known.get(schema) ?? compileNew(schema, coerce, isOurs);
  known.set(schema, compiled);
  return compiled;
}

/** A third of the schemas of our routes differ from each other. To compile them all would add a third to the work of a start. */
const ours = {
  converting: new WeakMap<object, CompiledSchema>(),
  plain: new WeakMap<object, CompiledSchema>(),
};

function compileNew(schema: object | boolean, coerce: boolean, isOurs: boolean): CompiledSchema {
  const compile = (allErrors: boolean) => compileWith(schema, { allErrors, coerceTypes: coerce, isOurs });
  try {
    // Most values are valid: the validator that lists every fault is compiled when it is first needed.
    let fits = isOurs ? undefined : compile(false);
    let explain: typeof fits;
    const check = (value: unknown, base?: string, extent = 'all'): Fault[] => {
      fits ??= compile(false);
      if (fits(value)) return [];
      if (extent === 'first' || !isSmall(value)) return toFaults(fits.errors, base);
      explain ??= compile(true);
      explain(value);
      return toFaults(explain.errors, base);
    };
    return {
      ok: true,
      check: (value, base, extent) => unlessTooDeep(() => check(value, base, extent), base),
    };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function compileWith(
  schema: object | boolean,
  { allErrors, coerceTypes, isOurs }: { allErrors: boolean; coerceTypes: boolean; isOurs: boolean },
) {
  const dialect = typeof schema === 'object' && '$schema' in schema ? schema.$schema : undefined;
  const Dialect = typeof dialect === 'string' && dialect.includes('draft-07') ? Ajv : Ajv2020;
  if (!isOurs) checkSchema(schema, Dialect, dialect);
  // Each schema has its own instance: two tasks may use one `$id` for different schemas. Ours never refer to the schema of schemas.
  const ajv = new Dialect({ ...OPTIONS, allErrors, coerceTypes, meta: !isOurs });
  formats.default(ajv);
  ajv.removeKeyword('uniqueItems').addKeyword(UNIQUE_ITEMS);
  const validate = ajv.compile(schema);
  if ('$async' in validate) throw new Error('"$async" schemas are not supported');
  return validate;
}

/** A schema is checked before it is compiled. */
const OPTIONS: Options = {
  validateSchema: false,
  verbose: true,
  strict: false,
  allowUnionTypes: true,
  logger: false,
  // It would take a quarter of the time to compile, and no validator gets faster by it.
  code: { optimize: false },
};

type AjvClass = typeof Ajv | typeof Ajv2020;

/** They hold the compiled schemas of schemas, which take longer to compile than most of the schemas that they check. */
const checkers = new Map<AjvClass, Ajv>();

/** @throws {Error} that says what is wrong with the schema. */
function checkSchema(schema: object | boolean, Dialect: AjvClass, dialect: unknown): void {
  // An instance remembers each address that it has found, and a client chooses the addresses.
  if (typeof dialect === 'string' && !DIALECTS.has(dialect.replace(/#$/, ''))) {
    throw new Error(`"$schema" must be one of ${[...DIALECTS].join(', ')}`);
  }
  const checker = checkers.get(Dialect) ?? new Dialect({ ...OPTIONS, validateSchema: true });
  if (!checkers.has(Dialect)) formats.default(checker);
  checkers.set(Dialect, checker);
  checker.validateSchema(schema, true);
}

const DIALECTS = new Set([
  'https://json-schema.org/draft/2020-12/schema',
  'http://json-schema.org/draft-07/schema',
]);

/** A recursive schema uses the stack for each level of the value, and the client chooses the depth. */
function unlessTooDeep(check: () => Fault[], base = ''): Fault[] {
  try {
    return check();
  } catch (error) {
    if (error instanceof RangeError) return [{ pointer: base, detail: 'is nested too deeply' }];
    throw error;
  }
}

function isSmall(value: unknown): boolean {
  const open: unknown[] = [value];
  for (let parts = 0; open.length > 0; parts += 1) {
    if (parts + open.length > MAX_PARTS_FOR_ALL_FAULTS) return false;
    const part = open.pop();
    if (typeof part !== 'object' || part === null) continue;
    const members = part as Readonly<Record<string, unknown>>;
    // A list of all members would take as long as all else for a value that has very many.
    for (const name in members) {
      open.push(members[name]);
      if (open.length > MAX_PARTS_FOR_ALL_FAULTS) return false;
    }
  }
  return true;
}
