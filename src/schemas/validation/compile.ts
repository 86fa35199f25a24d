import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Fault } from '../problem.ts';
import { toFaults } from './faults.ts';

export type CompiledSchema =
  | {
      readonly ok: true;
      /** Empty when the value fits; `base` is put before every pointer. */
      check(value: unknown, base?: string): Fault[];
    }
  | { readonly ok: false; readonly reason: string };

/** A value with more parts than this gets its first fault only: a list of a million wrong items has a million. */
const MAX_PARTS_FOR_ALL_FAULTS = 5_000;

/**
 * Compiles a JSON Schema: draft 2020-12, or draft-07 where its `$schema` says so. Keywords and formats that
 * the dialect does not know are ignored, as the specification asks; an unresolved `$ref` is a fault.
 * Values are checked as they are: nothing is removed or filled in, and converted (in place, for values that
 * are text by nature) only with `coerce`. That a schema is one is not looked at with `isOurs`: it takes longer than all else.
 */
export function compileSchema(
  schema: object | boolean,
  { coerce = false, isOurs = false } = {},
): CompiledSchema {
  const compile = (allErrors: boolean) => compileWith(schema, { allErrors, coerceTypes: coerce, isOurs });
  try {
    // Most values are right or small: the validator that names every fault is built when one is needed.
    const fits = compile(false);
    let explain: typeof fits | undefined;
    const check = (value: unknown, base?: string): Fault[] => {
      if (fits(value)) return [];
      if (!isSmall(value)) return toFaults(fits.errors, base);
      explain ??= compile(true);
      explain(value);
      return toFaults(explain.errors, base);
    };
    return { ok: true, check: (value, base) => unlessTooDeep(() => check(value, base), base) };
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
  // An instance each: two tasks may use one `$id` for different schemas.
  const ajv = new Dialect({
    allErrors,
    coerceTypes,
    validateSchema: !isOurs,
    verbose: true,
    strict: false,
    allowUnionTypes: true,
    logger: false,
  });
  formats.default(ajv);
  const validate = ajv.compile(schema);
  if ('$async' in validate) throw new Error('"$async" schemas are not supported');
  return validate;
}

/** A recursive schema follows the value's nesting on the stack, which the sender of the value chooses. */
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
    for (const child of Object.values(part)) {
      open.push(child);
      if (open.length > MAX_PARTS_FOR_ALL_FAULTS) return false;
    }
  }
  return true;
}
