import type { Fault } from '../problem.ts';

/** The shape that Ajv's `ErrorObject` and Fastify's validation errors have in common. */
export interface SchemaError {
  readonly keyword: string;
  /** RFC 6901 pointer to the value. */
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  /** Set on errors about a field's name rather than its value. */
  readonly propertyName?: string;
  /** Present when Ajv runs with `verbose: true`. */
  readonly parentSchema?: Readonly<Record<string, unknown>>;
}

/** One error, or a union's errors folded into one. */
interface Finding {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  /** What a type, enum or const error would have accepted; lets a union's branches be merged. */
  readonly accepts: readonly string[];
  readonly faults: readonly Fault[];
}

const UNIONS = new Set(['anyOf', 'oneOf']);

/** Errors of these keywords only repeat that there is an inner error, which is listed too. */
const FOLLOW_UP_KEYWORDS = new Set(['if', 'propertyNames']);

/** Errors beyond this number are ignored: folding unions compares each error with all earlier ones. */
const MAX_ERRORS = 200;

/**
 * Turns validation errors into faults that a person can act on: a JSON pointer (RFC 6901) and a sentence.
 * The pointer of a missing field names that field. A union (`anyOf`, `oneOf`) gives the faults of its closest branch, or
 * one fault when no branch is closest. Reads at most 200 errors.
 *
 * @param base pointer to the validated value, when it is part of a larger one.
 */
export function toFaults(errors: readonly SchemaError[] | null | undefined, base = ''): Fault[] {
  let findings: Finding[] = [];
  for (const error of (errors ?? []).slice(0, MAX_ERRORS)) {
    if (FOLLOW_UP_KEYWORDS.has(error.keyword)) continue;
    if (!UNIONS.has(error.keyword)) {
      findings.push(finding(error));
      continue;
    }
    const branches = findings.filter((found) => isInside(found, error));
    findings = findings.filter((found) => !branches.includes(found));
    findings.push(foldUnion(error, branches));
  }
  const unique = new Map<string, Fault>();
  for (const fault of findings.flatMap((found) => found.faults)) {
    unique.set(`${fault.pointer}\n${fault.detail}`, { pointer: base + fault.pointer, detail: fault.detail });
  }
  return [...unique.values()];
}

/** One reference token of a JSON pointer. */
export const pointerToken = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

function finding(error: SchemaError): Finding {
  const { keyword, instancePath, schemaPath } = error;
  const fault = { pointer: instancePath + pointerSuffix(error), detail: detailOf(error) };
  return { keyword, instancePath, schemaPath, accepts: accepted(error), faults: [fault] };
}

/** The field that the error is about, when that is not the value at `instancePath`. */
function pointerSuffix({ params, propertyName }: SchemaError): string {
  const name =
    params['missingProperty'] ??
    params['additionalProperty'] ??
    params['unevaluatedProperty'] ??
    propertyName;
  return typeof name === 'string' ? `/${pointerToken(name)}` : '';
}

function accepted({ keyword, params }: SchemaError): string[] {
  if (keyword === 'type') return strings(params['type']);
  if (keyword === 'const') return [JSON.stringify(params['allowedValue'])];
  if (keyword === 'enum' && Array.isArray(params['allowedValues'])) {
    return params['allowedValues'].map((value) => JSON.stringify(value));
  }
  return [];
}

function detailOf(error: SchemaError): string {
  const { keyword, params, parentSchema } = error;
  const plain = error.message ?? `does not satisfy "${keyword}"`;
  if (error.propertyName !== undefined) return `has a name that ${plain}`;
  switch (keyword) {
    case 'required':
      return 'is required';
    case 'dependentRequired':
    case 'dependencies':
      return `is required when ${String(params['property'])} is given`;
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknownField(parentSchema);
    case 'false schema':
    case 'not':
      return 'is not allowed';
    case 'minProperties':
      return params['limit'] === 1 ? emptyObject(parentSchema) : plain;
    case 'enum':
    case 'const':
      return `must be ${oneOf(accepted(error))}`;
    case 'type':
      return explained(`must be ${oneOf(accepted(error))}`, parentSchema);
    case 'pattern':
    case 'format':
      return explained(plain, parentSchema, 'does not have the right form');
    default:
      return hinted(plain, parentSchema);
  }
}

const knownFields = (schema: SchemaError['parentSchema']): string[] =>
  Object.keys(Object(schema?.['properties']));

function emptyObject(schema: SchemaError['parentSchema']): string {
  const known = knownFields(schema);
  return known.length === 0 ? 'must not be empty' : `must have at least one of: ${known.join(', ')}`;
}

function unknownField(schema: SchemaError['parentSchema']): string {
  const known = knownFields(schema);
  return known.length === 0 ? 'is not a known field' : `is not a known field; known are: ${known.join(', ')}`;
}

/** The description in a schema is clearer than "string" or a regular expression. */
function explained(detail: string, schema: SchemaError['parentSchema'], instead = detail): string {
  const description = schema?.['description'];
  return typeof description === 'string' ? `${instead}. ${description}` : detail;
}

/** A schema of ours can say what to do instead. */
function hinted(detail: string, schema: SchemaError['parentSchema']): string {
  const hint = schema?.['x-hint'];
  return typeof hint === 'string' ? `${detail}. ${hint}` : detail;
}

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [String(value)]);

function oneOf(values: readonly string[]): string {
  const [only] = values;
  if (values.length === 1 && only !== undefined) return only;
  return values.length > 3
    ? `one of ${values.join(', ')}`
    : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

/**
 * Whether an error is from a branch of this union. A branch behind a `$ref` has its own schema path, so every error at
 * or below the union's value counts, unless its schema path shows that it is a sibling of the union.
 */
function isInside(found: Finding, union: SchemaError): boolean {
  const value = union.instancePath;
  if (found.instancePath !== value && !found.instancePath.startsWith(`${value}/`)) return false;
  if (found.schemaPath.startsWith(`${union.schemaPath}/`)) return true;
  const parent = union.schemaPath.slice(0, union.schemaPath.lastIndexOf('/') + 1);
  if (!found.schemaPath.startsWith(parent)) return true;
  return /^(\$defs|definitions)\//.test(found.schemaPath.slice(parent.length));
}

function foldUnion(union: SchemaError, found: readonly Finding[]): Finding {
  const { keyword, instancePath, schemaPath, params, parentSchema } = union;
  const fold = (faults: readonly Fault[], accepts: readonly string[] = []): Finding => ({
    keyword,
    instancePath,
    schemaPath,
    accepts,
    faults,
  });
  const one = (detail: string) => [{ pointer: instancePath, detail: explained(detail, parentSchema) }];
  if (Array.isArray(params['passingSchemas'])) return fold(one('matches more than one of the allowed forms'));

  const simple = found.every(({ accepts, instancePath: at }) => accepts.length > 0 && at === instancePath);
  const accepts = [...new Set(found.flatMap((branch) => branch.accepts))];
  if (simple && accepts.length > 0) return fold(one(`must be ${oneOf(accepts)}`), accepts);

  const [closest, second] = branchesOf(found, union)
    .filter(
      (branch) =>
        !branch.some(({ keyword: at, ...rest }) => at === 'type' && rest.instancePath === instancePath),
    )
    .sort((a, b) => a.length - b.length);
  if (closest === undefined || closest.length === second?.length)
    return fold(one('matches none of the allowed forms'));
  return fold(closest.flatMap((branch) => branch.faults));
}

/** The findings, grouped by their branch of the union or their `$ref` target. */
function branchesOf(found: readonly Finding[], union: SchemaError): Finding[][] {
  const branches = new Map<string, Finding[]>();
  for (const entry of found) {
    const path = entry.schemaPath;
    const inline = path.startsWith(`${union.schemaPath}/`);
    const key = inline
      ? path.slice(union.schemaPath.length + 1).split('/', 1)[0]
      : /^[^#]*#?(\/(\$defs|definitions)\/[^/]+)?/.exec(path)?.[0];
    branches.set(key ?? '', [...(branches.get(key ?? '') ?? []), entry]);
  }
  return [...branches.values()];
}
