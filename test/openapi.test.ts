import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { clientTypes } from '../openapi/client-types.ts';
import { describeApi } from '../openapi/describe.ts';
import { compileSchema } from '../src/schemas/validation/compile.ts';
import { useApi } from './helpers/api/server.ts';
import { useRedis } from './helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

interface Media {
  schema?: { $ref?: string; examples?: unknown[] };
  example?: unknown;
  examples?: unknown;
}

interface Answer {
  description: string;
  content?: Record<string, Media>;
}

interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  parameters?: Media[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Answer>;
}

interface Document {
  openapi: string;
  info: { version: string };
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { examples?: unknown[] }> };
}

const text = await readFile(new URL('../openapi/openapi.json', import.meta.url), 'utf8');
const document: Document = JSON.parse(text);

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]): [string, Operation] => [
    `${method.toUpperCase()} ${path}`,
    operation,
  ]),
);

/** An example of its own, of its schema, or of the component that it refers to. */
function hasExample({ schema, example, examples }: Media): boolean {
  const name = schema?.$ref?.split('/').at(-1) ?? '';
  const known = [example, examples, schema?.examples, document.components.schemas[name]?.examples];
  return known.some((one) => one !== undefined);
}

/** The path of every field and parameter in a part of the document that has no description. */
function undescribed(part: unknown, path: string): string[] {
  if (typeof part !== 'object' || part === null) return [];
  const { properties = {}, name, in: place, schema, ...rest } = part as Record<string, object>;
  const fields = Object.entries(properties).flatMap(([field, value]) => {
    const isDescribed = 'description' in value || '$ref' in value;
    return [...(isDescribed ? [] : [`${path}/${field}`]), ...undescribed(value, `${path}/${field}`)];
  });
  const isDescribed = place === undefined || 'description' in { ...part, ...schema };
  const parts = Object.entries({ schema, ...rest }).filter(([key]) => !/^examples?$/.test(key));
  return [
    ...(isDescribed ? [] : [`${path}?${name}`]),
    ...fields,
    ...parts.flatMap(([key, value]) => undescribed(value, `${path}/${key}`)),
  ];
}

describe('openapi.json', () => {
  it('matches the code and what the service serves', async () => {
    expect(await describeApi()).toBe(text);
    const served = await api.http.get('/openapi.json').expect(200);
    expect(served.body).toEqual(document);
  });

  it('matches the types of the client', async () => {
    const types = await readFile(new URL('../src/client/types/api.generated.ts', import.meta.url), 'utf8');
    expect(clientTypes(JSON.parse(text))).toBe(types);
  });

  it('has OpenAPI version 3.1 and the version of the package', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
    expect(document.info.version).toBe(version);
  });

  it('gives every operation its own id', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining(['submitJob', 'submitBatch', 'getJob', 'cancelJob', 'removeJob']),
    );
  });

  // The service compiles a schema when a request first needs it: a start does not find a wrong one.
  it('has request schemas that compile', () => {
    const media = operations.flatMap(([, { parameters = [], requestBody }]) => [
      ...parameters,
      ...Object.values(requestBody?.content ?? {}),
    ]);
    const { components } = document;
    const compiled = media.map(({ schema }) => compileSchema({ ...schema, components }));
    expect(compiled.length).toBeGreaterThan(50);
    expect(compiled.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('describes every field and every parameter', () => {
    expect(undescribed(document, '')).toEqual([]);
  });

  it.each(operations)(
    '%s has a summary, a description, examples, and problems for its errors',
    (_name, operation) => {
      expect(operation.summary).toMatch(/\w/);
      expect(operation.description).toMatch(/\.$/);
      const answers = Object.entries(operation.responses);
      const bodies = [operation.requestBody?.content, ...answers.map(([, answer]) => answer.content)];
      const medias = bodies.flatMap((content) => Object.entries(content ?? {}));
      expect(medias.filter(([, media]) => !hasExample(media))).toEqual([]);
      for (const [status, { description, content }] of answers) {
        expect(description, status).not.toBe('Default Response');
        // Readiness says itself what is wrong.
        if (Number(status) < 400 || operation.operationId === 'getReadiness') continue;
        expect(content, status).toEqual({
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        });
      }
    },
  );

  it.each(operations.filter(([name]) => !/livez|readyz|problems| \/$/.test(name)))(
    '%s lists the errors 500 and 503',
    (_name, operation) => {
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['500', '503']));
    },
  );
});
