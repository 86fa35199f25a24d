import { anchorOf, table } from './markdown.ts';
import { type Member, membersOf, refName, type Schema, valueText } from './schema-text.ts';

interface Media {
  schema?: Schema;
}

interface Answer {
  description: string;
  content?: Record<string, Media>;
  headers?: Record<string, { description?: string; schema?: Schema }>;
}

interface Parameter {
  in: string;
  name: string;
  required?: boolean;
  description?: string;
  schema: Schema;
}

interface Operation {
  tags: string[];
  summary: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, Media> };
  /** By the way in which a client shows who it is: the scopes that it needs. */
  security?: Record<string, string[]>[];
  responses: Record<string, Answer>;
}

/** As much of an OpenAPI document as the page needs. */
export interface ApiDocument {
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** The status and title of each code of a problem document. */
export type ProblemTable = Readonly<Record<string, { status: number; title: string }>>;

interface Request {
  readonly name: string;
  readonly operation: Operation;
}

const INTRO = `# API

Made by \`npm run docs\` from the OpenAPI document; do not edit. A running service shows the same at \`/docs\`, to programs
at \`/openapi.json\`. [README.md](../../README.md) tells the story; this page is for looking things up.

Bodies are JSON in UTF-8 unless a request says otherwise. A *duration* is a number of milliseconds, or a string such as
\`"500ms"\`, \`"30s"\`, \`"5m"\`, \`"2h"\` or \`"1d"\`.

With \`AUTH=keys\` each request needs a key with the scope that is named below ([security.md](../how-to/security.md)).`;

const ERRORS = `## Errors

Every error is a problem document (RFC 9457, \`application/problem+json\`). Programs look at its \`code\`; people read
its \`detail\`, which says what to do. \`errors\` points to each member of the input that is wrong. After a 429 or a 503 wait
\`Retry-After\` seconds.`;

const PROBLEM = 'application/problem+json';
const isError = ({ content }: Answer): boolean => content?.[PROBLEM] !== undefined;
const answersOf = ({ responses }: Operation) => Object.entries(responses).filter(([, one]) => !isError(one));

function bodyText({ content = {} }: Answer): string {
  const schema = Object.values(content)[0]?.schema;
  if (schema === undefined) return '';
  const name = refName(schema);
  if (name !== undefined) return valueText(schema);
  const types = Object.keys(content).filter((type) => type !== 'application/json');
  return types.length > 0 ? types.map((type) => `\`${type}\``).join(', ') : '';
}

function requestsOf({ paths }: ApiDocument): Request[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
}

const overview = (requests: readonly Request[]): string =>
  table(
    ['request', 'what it does', 'answers'],
    requests.map(({ name, operation }) => [
      `[\`${name}\`](#${anchorOf(name)})`,
      operation.summary,
      answersOf(operation)
        .map(([status]) => status)
        .join(', '),
    ]),
  );

/** The introduction says what a duration is. */
const DURATION_NOTE = / Integer milliseconds, or a string such as .*$/;

const memberRow = (where: string, { name, isRequired, schema }: Member): string[] => [
  `\`${name}\`${isRequired ? ' (required)' : ''}`,
  ...(where === '' ? [] : [where]),
  valueText(schema),
  schema.description?.replace(DURATION_NOTE, '') ?? '',
];

/** The members of the answers that have no name of their own, each kind of answer once. */
function answerMembers(answers: readonly (readonly [string, Answer])[]): string[] {
  const bodies = new Map<string, { statuses: string[]; schema: Schema }>();
  for (const [status, { content = {} }] of answers) {
    const schema = content['application/json']?.schema;
    if (schema?.properties === undefined) continue;
    const key = JSON.stringify(schema.properties);
    bodies.set(key, { statuses: [...(bodies.get(key)?.statuses ?? []), status], schema });
  }
  return [...bodies.values()].map(({ statuses, schema }) => {
    const rows = membersOf(schema).map((member) => memberRow('', { ...member, isRequired: false }));
    return table([`member of ${statuses.join(', ')}`, 'value', 'meaning'], rows);
  });
}

function parameterTable({ parameters = [], requestBody }: Operation): string[] {
  const rows = parameters.map(({ name, in: where, required: isRequired = false, schema, description }) =>
    memberRow(where, {
      name,
      isRequired,
      schema: description === undefined ? schema : { ...schema, description },
    }),
  );
  const bodies = Object.entries(requestBody?.content ?? {}).map(([type, { schema = {} }]) => ({
    type,
    schema,
  }));
  for (const { schema } of bodies) rows.push(...membersOf(schema).map((member) => memberRow('body', member)));
  const notes = bodies
    .filter(({ schema }) => schema.properties === undefined)
    .map(({ type, schema }) => `Body (\`${type}\`): ${schema.description ?? valueText(schema)}`);
  return [...(rows.length === 0 ? [] : [table(['parameter', 'in', 'value', 'meaning'], rows)]), ...notes];
}

function answerTable(operation: Operation): string[] {
  const answers = answersOf(operation);
  const rows = answers.map(([status, answer]) => {
    const headers = Object.keys(answer.headers ?? {}).map((name) => `\`${name}\``);
    return [status, answer.description, bodyText(answer), headers.join(', ')];
  });
  const errors = Object.entries(operation.responses)
    .filter(([, answer]) => isError(answer))
    .map(([status]) => status);
  return [
    table(['answer', 'meaning', 'body', 'headers'], rows),
    ...answerMembers(answers),
    ...(errors.length === 0 ? [] : [`Errors: ${errors.join(', ')}.`]),
  ];
}

function scopeText({ security = [] }: Operation): string {
  const scopes = security.flatMap((one) => Object.values(one).flat());
  if (scopes.length > 0) return `Scope: ${scopes.map((scope) => `\`${scope}\``).join(', ')}.`;
  return security.length === 0 ? 'No key is needed.' : 'Any key will do.';
}

function section({ name, operation }: Request): string {
  const { summary, description } = operation;
  const text = description === undefined ? `${summary}.` : `${summary}. ${description}`;
  const parts = [`### ${name}`, text, scopeText(operation)];
  return [...parts, ...parameterTable(operation), ...answerTable(operation)].join('\n\n');
}

function component([name, schema]: [string, Schema]): string {
  const members = membersOf(schema).map((member) => memberRow('', member));
  return [
    `### ${name}`,
    ...(schema.description === undefined ? [] : [schema.description]),
    ...(members.length === 0 ? [`${valueText(schema)}.`] : [table(['member', 'value', 'meaning'], members)]),
  ].join('\n\n');
}

/** docs/reference/api.md: every request by its tag, every error, and every object that has a name. */
export function apiPage(document: ApiDocument, problems: ProblemTable): string {
  const requests = requestsOf(document);
  const groups = document.tags.map((tag) => ({
    ...tag,
    title: `${tag.name.charAt(0).toUpperCase()}${tag.name.slice(1)}`,
    requests: requests.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const errors = Object.entries(problems).map(([code, { status, title }]) => [
    String(status),
    `[\`${code}\`](problems.md#${anchorOf(code)})`,
    title,
  ]);
  return `${[
    INTRO,
    ...groups.flatMap((group) => [`## ${group.title}`, group.description, overview(group.requests)]),
    ERRORS,
    table(['status', 'code', 'meaning'], errors),
    '## Each request',
    ...groups.flatMap((group) => group.requests.map(section)),
    '## Objects',
    ...Object.entries(document.components.schemas).map(component),
  ].join('\n\n')}\n`;
}
