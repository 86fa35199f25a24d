import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { describeApi } from '../openapi/describe.ts';
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

describe('openapi.json', () => {
  it('is what the code describes, and what the service serves', async () => {
    expect(await describeApi()).toBe(text);
    const served = await api.http.get('/openapi.json').expect(200);
    expect(served.body).toEqual(document);
  });

  it('is of version 3.1 and of this package', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
    expect(document.info.version).toBe(version);
  });

  it('names every operation once', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining(['submitJob', 'submitBatch', 'getJob', 'cancelJob', 'removeJob']),
    );
  });

  it.each(operations)('%s has a summary, examples, and its errors as problems', (_name, operation) => {
    expect(operation.summary).toMatch(/\w/);
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
  });

  it.each(operations.filter(([name]) => !/livez|readyz| \/$/.test(name)))(
    '%s tells that Redis may be away',
    (_name, operation) => {
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['500', '503']));
    },
  );
});

/** Where a client of the document at this address sends its requests (OpenAPI 3.1, 4.8.5): a folder's address. */
function serverOf({ servers }: { servers: { url: string }[] }, documentAt: string): string {
  const [{ url } = { url: '' }, ...more] = servers;
  expect(more).toEqual([]);
  return new URL(url, documentAt).href;
}

describe('requests by the document', () => {
  it('go to where it is served, whatever the port is', async () => {
    for (const path of ['/openapi.json', '/docs/json']) {
      const { body } = await api.http.get(path).expect(200);
      expect([path, serverOf(body, api.origin + path)]).toEqual([path, `${api.origin}/`]);
    }
  });

  it('go below the path prefix of a proxy when "Try it out" at /docs sends them', async () => {
    const initializer = await api.http.get('/docs/static/swagger-initializer.js').expect(200);
    expect(initializer.text).toContain("url: resolveUrl('./json')");
    const { body } = await api.http.get('/docs/json').expect(200);
    expect(serverOf(body, 'https://proxy/prefix/docs/json')).toBe('https://proxy/prefix/');
    expect({ ...body, servers: document.servers }).toEqual(document);
  });
});

describe('/docs', () => {
  it('is a page whose parts all come from here', async () => {
    const page = await api.http.get('/docs').redirects(2).expect(200);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    const assets = [...page.text.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, url]) => url ?? '');
    expect(assets.some((url) => url.endsWith('.js'))).toBe(true);
    expect(assets.some((url) => url.endsWith('.css'))).toBe(true);
    for (const asset of assets) {
      const url = new URL(asset, `${api.origin}/docs/`);
      expect(url.origin).toBe(api.origin);
      const { status, headers } = await api.http.get(url.pathname);
      expect([asset, status]).toEqual([asset, 200]);
      expect(headers['content-length']).not.toBe('0');
    }
  });
});
