import { anchorOf } from './markdown.ts';

/** As much of a JSON Schema as the OpenAPI document has. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
}

export interface Member {
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: Schema;
}

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

/** ", 1 to 5", ", at least 1", ", at most 5", or nothing. */
function range(min: number | undefined, max: number | undefined): string {
  const top = max === Number.MAX_SAFE_INTEGER ? undefined : max;
  if (min !== undefined && top !== undefined) return `, ${min} to ${top}`;
  if (min !== undefined) return `, at least ${min}`;
  return top === undefined ? '' : `, at most ${top}`;
}

/** The name of a component that a schema refers to. */
export const refName = ({ $ref }: Schema): string | undefined => $ref?.split('/').at(-1);

/** What a value may be, in a few words. */
export function valueText(schema: Schema): string {
  const name = refName(schema);
  if (name !== undefined) return `[${name}](#${anchorOf(name)})`;
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  if (schema.const !== undefined) return code(schema.const);
  const choices = schema.anyOf ?? schema.allOf;
  if (choices !== undefined) return choices.map(valueText).join(schema.anyOf ? ' or ' : ' and ');
  return Array.isArray(schema.type) ? choiceText(schema, schema.type) : plainText(schema);
}

/** What a value of several types may be: "duration or object", or "integer, 1 to 100, or `unlimited`". */
function choiceText({ pattern, minimum, maximum }: Schema, types: readonly string[]): string {
  const [first, second, ...others] = types;
  if (first !== 'integer' || second !== 'string') return types.join(' or ');
  const word = /^\^(\w+)\$$/.exec(pattern ?? '')?.[1];
  if (word !== undefined) return `integer${range(minimum, maximum)}, or ${code(word)}`;
  // A number of milliseconds, or a string with a unit.
  return ['duration', ...others].join(' or ');
}

function plainText(schema: Schema): string {
  switch (schema.type) {
    case undefined:
      return 'any JSON';
    case 'array':
      return `array of ${valueText(schema.items ?? {})}${range(schema.minItems, schema.maxItems)}`;
    case 'object':
      return typeof schema.additionalProperties === 'object'
        ? `object of ${schema.additionalProperties.type}s${range(undefined, schema.maxProperties)}`
        : 'object';
    case 'string':
      return schema.format === 'date-time'
        ? 'time (RFC 3339)'
        : `string${range(undefined, schema.maxLength)}${schema.maxLength === undefined ? '' : ' characters'}`;
    default:
      return `${schema.type}${range(schema.minimum, schema.maximum)}`;
  }
}

/** All members of an object, with those of objects within it as `outer.inner` and `list[].inner`. */
export function membersOf(schema: Schema, prefix = ''): Member[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, member]) => {
    const name = `${prefix}${key}`;
    const isRequired = schema.required?.includes(key) ?? false;
    const inner = member.type === 'array' ? (member.items ?? {}) : member;
    return [
      { name, isRequired, schema: member },
      ...membersOf(inner, member.type === 'array' ? `${name}[].` : `${name}.`),
    ];
  });
}
