import { sizeOf, weightOf } from '../../schemas/validation/schema-weight.ts';
import type { JsonSchema } from '../types.ts';

/** Steps that a check in the event loop may take, at worst. */
const MAX_STEPS = 400_000;
/** With as many steps a value can have so many faults that writing them takes some milliseconds. */
const MAX_BRIEF_STEPS = 40_000;
/** A step in a search is quicker than others. */
const SEARCH_STEP = 0.2;
/** A schema with more values takes too long to compile in the event loop. */
const MAX_COMPILED_SIZE = 250;

/** Which values a schema can be checked with in the event loop. */
export interface SchemaPlan {
  /** It is compiled here. */
  readonly isQuick: boolean;
  /** Whether a value with this JSON is checked here, too: that takes a few milliseconds at most. */
  isQuickFor(json: string): boolean;
  /** Whether so little is checked in it that all its faults can be listed. */
  isBriefFor(json: string): boolean;
}

const APART: SchemaPlan = { isQuick: false, isQuickFor: () => false, isBriefFor: () => false };

export function planOf(schema: JsonSchema): SchemaPlan {
  if (compiledSize(schema) > MAX_COMPILED_SIZE) return APART;
  const weight = weightOf(schema);
  if (weight === undefined) return APART;
  const { plain, hard, degree } = weight;
  // Each value has at least two characters.
  const steps = (length: number, longest: number) =>
    length * (plain / 2 + hard * SEARCH_STEP * longest ** (degree - 1));
  if (steps(2, 2) > MAX_STEPS) return APART;
  let always = 2;
  while (steps(always * 2, always * 2) <= MAX_STEPS && always < 2 ** 30) always *= 2;
  const never = (2 * MAX_STEPS) / plain;
  const brief = (2 * MAX_BRIEF_STEPS) / plain;
  return {
    isQuick: true,
    isQuickFor: (json) =>
      json.length <= always || (json.length <= never && steps(json.length, longestString(json)) <= MAX_STEPS),
    isBriefFor: (json) => json.length <= brief,
  };
}

/** Values in the schema. Ajv may write out what a $ref names, each time. */
function compiledSize(schema: JsonSchema): number {
  const own = sizeOf(schema, MAX_COMPILED_SIZE);
  if (own > MAX_COMPILED_SIZE || typeof schema === 'boolean') return own;
  const refs = [...JSON.stringify(schema).matchAll(/"\$ref":"#([^"]*)"/g)];
  return refs.reduce((size, [, path = '']) => size + sizeOfNamed(schema, path, own), own);
}

/** @param otherwise where the path does not name one of its definitions. */
function sizeOfNamed(schema: Readonly<Record<string, unknown>>, path: string, otherwise: number): number {
  const [, list = '', name = ''] = /^\/(\$defs|definitions)\/([^/~%]+)$/.exec(path) ?? [];
  const definitions: Readonly<Record<string, unknown>> = Object(schema[list]);
  // What names the whole schema names itself, and is not written out.
  if (path === '') return 1;
  return Object.hasOwn(definitions, name) ? sizeOf(definitions[name], MAX_COMPILED_SIZE) : otherwise;
}

/** Most characters between two quotes. An escaped quote would hide some. */
function longestString(json: string): number {
  if (json.includes('\\')) return json.length;
  let longest = 0;
  let from = 0;
  for (let at = json.indexOf('"'); at !== -1; at = json.indexOf('"', from)) {
    longest = Math.max(longest, at - from);
    from = at + 1;
  }
  return Math.max(longest, json.length - from);
}
