import type { Schema } from './schema-text.ts';

interface Media {
  schema?: Schema;
}

interface Operation {
  operationId: string;
  parameters?: { in: string; name: string; required?: boolean; description?: string; schema: Schema }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
}

/** As much of an OpenAPI document as the types need. */
export interface TypedDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const HEAD = `/**
 * The shapes of the HTTP API. Made by \`npm run openapi\` from the OpenAPI document; do not edit.
 * docs/reference/api.md says the same for people.
 */
`;

const ANSWERS_COMMENT =
  '/** The members by which an answer is known, by its operation. "|" is between alternatives; an empty one has no body. */';

const PLAIN: Readonly<Record<string, string>> = { integer: 'number', array: 'readonly unknown[]' };

const indent = (text: string): string => text.replaceAll('\n', '\n  ');

const comment = (text: string | undefined): string =>
  text === undefined ? '' : `/** ${text.replaceAll('*/', '*\\/')} */\n`;

const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value}'` : JSON.stringify(value);

const refName = (ref: string): string => ref.split('/').at(-1) ?? '';

/** @param absent the type of a member that may be left out, beside its own: requests also take undefined. */
function members(schema: Schema, absent: string): string {
  const lines = Object.entries(schema.properties ?? {}).map(([name, member]) => {
    const isRequired = schema.required?.includes(name) ?? false;
    const key = /^\w+$/.test(name) ? name : literal(name);
    const type = `${typeText(member, absent)}${isRequired ? '' : absent}`;
    return `${comment(member.description)}readonly ${key}${isRequired ? '' : '?'}: ${type};`;
  });
  return lines.length === 0 ? '{}' : `{\n  ${indent(lines.join('\n'))}\n}`;
}

function objectText(schema: Schema, absent: string): string {
  if (schema.properties !== undefined) return members(schema, absent);
  const { additionalProperties: values } = schema;
  const type = typeof values === 'object' ? typeText(values, absent) : 'unknown';
  return `Readonly<Record<string, ${type}>>`;
}

const grouped = (type: string): string => (/ [|&] /.test(type) && !type.startsWith('{') ? `(${type})` : type);

function typeText(schema: Schema, absent: string): string {
  const { $ref, const: value, anyOf, allOf, type } = schema;
  if ($ref !== undefined) return refName($ref);
  if (value !== undefined) return literal(value);
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
  if (anyOf !== undefined) return anyOf.map((one) => typeText(one, absent)).join(' | ');
  if (allOf !== undefined) return allOf.map((one) => grouped(typeText(one, absent))).join(' & ');
  if (Array.isArray(type)) {
    return type.map((one) => typeText({ ...schema, type: one }, absent)).join(' | ');
  }
  if (type === 'object') return objectText(schema, absent);
  if (type === 'array' && schema.items !== undefined) {
    return `readonly ${grouped(typeText(schema.items, absent))}[]`;
  }
  return type === undefined ? 'unknown' : (PLAIN[type] ?? type);
}

/** Parameters that the service only tolerates. */
const IGNORED: ReadonlySet<string> = new Set(['_', 't']);

const FOR_REQUESTS = ' | undefined';

function queryText({ parameters = [] }: Operation): string {
  const queries = parameters.filter((one) => one.in === 'query' && !IGNORED.has(one.name));
  const properties = Object.fromEntries(
    queries.map(({ name, description, schema }) => [
      name,
      { ...schema, ...(description && { description }) },
    ]),
  );
  const required = queries.filter((one) => one.required).map(({ name }) => name);
  return members({ properties, required }, FOR_REQUESTS);
}

/** The types of the successful answers: undefined for those without JSON. */
function answerText({ responses }: Operation): string {
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  const types = good.map(([, { content }]) => {
    const schema = content?.['application/json']?.schema;
    return schema === undefined ? 'undefined' : typeText(schema, '');
  });
  return [...new Set(types)].join(' | ');
}

/** An object type that an earlier operation has is named, not written again. */
function once(seen: Map<string, string>, text: string, name: string): string {
  const known = seen.get(text);
  if (known !== undefined) return known;
  if (text.includes('\n')) seen.set(text, name);
  return text;
}

function operationText(operation: Operation, seen: Map<string, string>): string {
  const { operationId: id, requestBody } = operation;
  const body = requestBody?.content['application/json']?.schema;
  const parts = {
    query: queryText(operation),
    body: body === undefined ? 'undefined' : typeText(body, FOR_REQUESTS),
    answer: answerText(operation),
  };
  const lines = Object.entries(parts).map(
    ([part, text]) => `${part}: ${once(seen, text, `Operations['${id}']['${part}']`)};`,
  );
  return `${id}: {\n  ${indent(lines.join('\n'))}\n};`;
}

/** What an answer has at least: what it is, and the status of a job. '' for an answer without a body. */
function marksOf(schema: Schema | undefined, components: TypedDocument['components']): string {
  const named = components.schemas[refName(schema?.$ref ?? '')] ?? schema;
  return (named?.required ?? []).filter((name, at) => at === 0 || name === 'status').join(' ');
}

/** A line for each operation that answers with one JSON document, or with none. */
function answersText({ paths, components }: TypedDocument): string {
  const lines = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) => {
      const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      const contents = good.map(([, { content }]) => content);
      if (contents.some((content) => content !== undefined && !('application/json' in content))) return [];
      const marks = contents.map((content) => marksOf(content?.['application/json']?.schema, components));
      return `'${method.toUpperCase()} ${path}': '${[...new Set(marks)].sort().join('|')}',`;
    }),
  );
  return `{\n  ${indent(lines.join('\n'))}\n}`;
}

/** TypeScript types of the components, and of the query, body and answer of each operation. */
export function clientTypes(document: TypedDocument): string {
  const { paths, components } = document;
  const schemas = Object.entries(components.schemas).map(([name, schema]) => {
    const absent = name.startsWith('Submit') ? FOR_REQUESTS : '';
    const head = `${comment(schema.description)}export`;
    return schema.type === 'object' && schema.properties !== undefined
      ? `${head} interface ${name} ${members(schema, absent)}\n`
      : `${head} type ${name} = ${typeText(schema, absent)};\n`;
  });
  const seen = new Map<string, string>();
  const operations = Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .map((operation) => operationText(operation, seen));
  const interfaces = `/** By operationId. */\nexport interface Operations {\n  ${indent(operations.join('\n'))}\n}\n`;
  const answers = `${ANSWERS_COMMENT}\nexport const ANSWERS: Readonly<Record<string, string>> = ${answersText(document)};\n`;
  return [HEAD, ...schemas, interfaces, answers].join('\n');
}
