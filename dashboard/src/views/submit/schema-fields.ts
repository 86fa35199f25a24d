import { parseJson } from '../../net/json.ts';

type Kind = 'text' | 'number' | 'flag' | 'choice' | 'json';

/** A field of a form, for a member of the payload. */
export interface SchemaField {
  readonly name: string;
  readonly kind: Kind;
  readonly isRequired: boolean;
  readonly hint?: string;
  readonly options?: readonly string[];
  /** What the field holds at first. */
  readonly first: string;
}

interface Schema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: unknown;
  readonly enum?: unknown;
  readonly description?: unknown;
  readonly title?: unknown;
  readonly default?: unknown;
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

function kindOf({ type, enum: options }: Schema): Kind {
  if (Array.isArray(options)) return 'choice';
  if (type === 'string') return 'text';
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'boolean' ? 'flag' : 'json';
}

/** The fields for a schema of objects; undefined for another one, whose payload is typed as JSON. */
export function fieldsOf(schema: unknown): readonly SchemaField[] | undefined {
  if (!isSchema(schema) || !isSchema(schema.properties)) return undefined;
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties).map(([name, member]) => {
    const part = isSchema(member) ? member : {};
    const kind = kindOf(part);
    const hint = [part.description, part.title].find((text) => typeof text === 'string');
    const options = Array.isArray(part.enum) ? part.enum.map((one) => JSON.stringify(one)) : undefined;
    return {
      name,
      kind,
      isRequired: required.includes(name),
      ...(typeof hint === 'string' && { hint }),
      ...(options !== undefined && { options }),
      first: firstOf(part.default, kind),
    };
  });
}

function firstOf(value: unknown, kind: Kind): string {
  if (value === undefined) return '';
  return kind === 'text' ? String(value) : JSON.stringify(value);
}

/**
 * The payload of what was typed. An empty field is left out.
 *
 * @throws {SyntaxError} for a field that is not JSON where it must be.
 */
export function payloadOf(fields: readonly SchemaField[], typed: Readonly<Record<string, string>>): object {
  const members: [string, unknown][] = [];
  for (const { name, kind, first, isRequired } of fields) {
    const text = typed[name] ?? first;
    if (text === '' && !(kind === 'text' && isRequired)) continue;
    members.push([name, kind === 'text' ? text : parseJson(text)]);
  }
  return Object.fromEntries(members);
}
