import { patternCost } from './patterns/pattern-cost.ts';

/** What one value costs: `plain` steps, and searches with patterns whose time grows faster than their text. */
export interface Weight {
  readonly plain: number;
  readonly hard: number;
}

const NO_WEIGHT: Weight = { plain: 0, hard: 0 };

const sum = (a: Weight, b: Weight): Weight => ({ plain: a.plain + b.plain, hard: a.hard + b.hard });
const max = (a: Weight, b: Weight): Weight => ({
  plain: Math.max(a.plain, b.plain),
  hard: Math.max(a.hard, b.hard),
});

/** Of a schema: what it does with a value, and at most with a value inside of that. */
interface Weights {
  readonly self: Weight;
  readonly inside: Weight;
}

const NO_WEIGHTS: Weights = { self: NO_WEIGHT, inside: NO_WEIGHT };

/** Nobody can tell how often it visits a value. */
class UnknownWeight extends Error {}

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null;
const isSchema = (value: unknown): boolean =>
  typeof value === 'boolean' || (isObject(value) && !Array.isArray(value));
const schemasIn = (value: unknown): unknown[] =>
  isObject(value) ? Object.values(value).filter(isSchema) : [];
const oneOrMany = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]).filter(isSchema);

/** Keywords whose schemas see the value itself. */
const ITSELF = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas', 'dependencies'];
/** Those that may fail in a valid value: Ajv writes an error each time. */
const FALLIBLE = new Set(['anyOf', 'oneOf', 'not', 'if', 'contains']);
const FAILURE = 10;
/** Keywords whose schemas see parts of the value. Each part is seen by one of them. */
const PARTS = ['properties', 'additionalProperties', 'items', 'prefixItems', 'additionalItems'];
/** As `PARTS`, beside all others. */
const MORE_PARTS = [
  'patternProperties',
  'contains',
  'propertyNames',
  'unevaluatedProperties',
  'unevaluatedItems',
];
const NAMED = new Set(['properties', 'patternProperties', 'dependentSchemas', 'dependencies']);
/** Not looked at: they check nothing, or hold schemas that others refer to. */
const SILENT = new Set(['$defs', 'definitions', 'title', 'description', 'default', 'examples', '$comment']);
const UNKNOWN = ['$dynamicRef', '$recursiveRef', '$anchor', '$dynamicAnchor'];
/** Formats that take a fixed time for each character. Others search in a text from several places. */
const QUICK_FORMATS = new Set([
  'date',
  'time',
  'date-time',
  'iso-time',
  'iso-date-time',
  'uuid',
  'ipv4',
  'ipv6',
  'byte',
  'int32',
  'int64',
  'float',
  'double',
  'password',
  'binary',
]);

/** More patterns are not looked at: it takes up to a millisecond for each. */
const MAX_PATTERNS = 50;

/** Rounds after which weights must have settled: in a schema that multiplies its visits they grow in each. */
const MAX_ROUNDS = 12;

/** How long a schema may take for a value, at worst. */
export interface SchemaWeight extends Weight {
  /** A hard search in a text of n characters takes n to the power of this. */
  readonly degree: number;
}

/** At most what each value of a document costs; undefined when it cannot be told, or may grow with the document. */
export function weightOf(schema: unknown): SchemaWeight | undefined {
  try {
    return new Weigher(schema).weigh();
  } catch (error) {
    if (error instanceof UnknownWeight) return undefined;
    throw error;
  }
}

class Weigher {
  readonly #root: unknown;
  /** Of the schemas that a $ref names, as far as they are known by now. */
  readonly #named = new Map<string, Weights>();
  readonly #local = new Map<Members, Weight>();
  #degree = 1;
  #patterns = 0;

  constructor(root: unknown) {
    this.#root = root;
  }

  weigh(): SchemaWeight {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const before = JSON.stringify([...this.#named]);
      const { self, inside } = this.#of(this.#root, true);
      for (const ref of [...this.#named.keys()]) this.#named.set(ref, this.#of(this.#target(ref)));
      if (JSON.stringify([...this.#named]) === before) return { ...max(self, inside), degree: this.#degree };
    }
    throw new UnknownWeight();
  }

  #of(schema: unknown, isRoot = false): Weights {
    if (!isObject(schema)) return { self: { plain: 1, hard: 0 }, inside: NO_WEIGHT };
    if (!isRoot && '$id' in schema) throw new UnknownWeight();
    let self = this.#localOf(schema);
    let inside = NO_WEIGHT;
    for (const name of ITSELF) {
      for (const part of partsOf(name, schema[name])) {
        const weights = this.#of(part);
        self = sum(self, failing(name, weights.self));
        inside = sum(inside, weights.inside);
      }
    }
    if (typeof schema['$ref'] === 'string') {
      const weights = this.#behind(schema['$ref']);
      self = sum(self, weights.self);
      inside = sum(inside, weights.inside);
    }
    return { self, inside: sum(inside, this.#insideOf(schema)) };
  }

  #insideOf(schema: Members): Weight {
    let most = NO_WEIGHT;
    for (const name of PARTS) {
      for (const part of partsOf(name, schema[name])) most = max(most, this.#anywhereIn(part));
    }
    for (const name of MORE_PARTS) {
      for (const part of partsOf(name, schema[name])) most = sum(most, failing(name, this.#anywhereIn(part)));
    }
    return most;
  }

  #anywhereIn(schema: unknown): Weight {
    const { self, inside } = this.#of(schema);
    return max(self, inside);
  }

  #behind(ref: string): Weights {
    const known = this.#named.get(ref);
    if (known === undefined) this.#named.set(ref, NO_WEIGHTS);
    return known ?? NO_WEIGHTS;
  }

  /** Only pointers into the schema are followed. */
  #target(ref: string): unknown {
    if (ref !== '#' && !ref.startsWith('#/')) throw new UnknownWeight();
    let target: unknown = this.#root;
    for (const token of ref.split('/').slice(1)) {
      const name = decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~');
      target = isObject(target) && Object.hasOwn(target, name) ? target[name] : undefined;
    }
    if (!isSchema(target)) throw new UnknownWeight();
    return target;
  }

  /** Of the keywords that have no schemas. */
  #localOf(schema: Members): Weight {
    const known = this.#local.get(schema);
    if (known !== undefined) return known;
    if (UNKNOWN.some((name) => name in schema)) throw new UnknownWeight();
    let weight: Weight = { plain: 1, hard: 0 };
    for (const [name, value] of Object.entries(schema)) {
      if (!SILENT.has(name)) weight = sum(weight, this.#keyword(name, value));
    }
    this.#local.set(schema, weight);
    return weight;
  }

  #keyword(name: string, value: unknown): Weight {
    switch (name) {
      case 'pattern':
        return this.#pattern(value);
      case 'patternProperties':
        return Object.keys(Object(value))
          .map((one) => this.#pattern(one))
          .reduce(sum, NO_WEIGHT);
      case 'format':
        return this.#format(value);
      case 'uniqueItems':
        return { plain: 30, hard: 0 };
      case 'minLength':
      case 'maxLength':
        return { plain: 2, hard: 0 };
      default:
        return { plain: partsOf(name, value).length + (isKnownPart(name) ? 0 : sizeOf(value)), hard: 0 };
    }
  }

  #pattern(pattern: unknown): Weight {
    this.#patterns += 1;
    if (this.#patterns > MAX_PATTERNS) throw new UnknownWeight();
    const cost = typeof pattern === 'string' ? patternCost(pattern) : undefined;
    if (cost === undefined) throw new UnknownWeight();
    if (cost.degree === 1) return { plain: 2 * cost.factor, hard: 0 };
    this.#degree = Math.max(this.#degree, cost.degree);
    return { plain: 1, hard: cost.factor };
  }

  #format(format: unknown): Weight {
    if (typeof format !== 'string' || QUICK_FORMATS.has(format)) return { plain: 4, hard: 0 };
    this.#degree = Math.max(this.#degree, format === 'url' ? 3 : 2);
    return { plain: 1, hard: 1 };
  }
}

const isKnownPart = (name: string): boolean =>
  ITSELF.includes(name) || PARTS.includes(name) || MORE_PARTS.includes(name);

const failing = (name: string, { plain, hard }: Weight): Weight => ({
  plain: FALLIBLE.has(name) ? FAILURE * plain : plain,
  hard,
});

/** The schemas of a keyword. */
function partsOf(name: string, value: unknown): unknown[] {
  if (value === undefined || !isKnownPart(name)) return [];
  return NAMED.has(name) ? schemasIn(value) : oneOrMany(value);
}

/** Values in a schema, without the texts for people; more than `most` are not counted. Uses no stack for nesting. */
export function sizeOf(schema: unknown, most = Number.POSITIVE_INFINITY): number {
  const open: unknown[] = [schema];
  let size = 0;
  while (open.length > 0 && size <= most) {
    const part = open.pop();
    size += 1;
    if (!isObject(part)) continue;
    for (const [name, child] of Object.entries(part)) {
      if (typeof child !== 'string' || !SILENT.has(name)) open.push(child);
    }
  }
  return size;
}
