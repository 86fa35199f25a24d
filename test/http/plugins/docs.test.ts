import { readFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

const text = await readFile(new URL('../../../openapi/openapi.json', import.meta.url), 'utf8');
const document: { servers: { url: string }[] } = JSON.parse(text);

/** The URL to which a client of a document sends its requests (OpenAPI 3.1, 4.8.5). */
function serverOf({ servers }: { servers: { url: string }[] }, documentAt: string): string {
  const [{ url } = { url: '' }, ...more] = servers;
  expect(more).toEqual([]);
  return new URL(url, documentAt).href;
}

describe('the server of the document', () => {
  it('is the origin that serves the document, on any port', async () => {
    for (const path of ['/openapi.json', '/docs/json']) {
      const { body } = await api.http.get(path).expect(200);
      expect([path, serverOf(body, api.origin + path)]).toEqual([path, `${api.origin}/`]);
    }
  });

  it('keeps requests of "Try it out" below the path prefix of a proxy', async () => {
    const initializer = await api.http.get('/docs/static/swagger-initializer.js').expect(200);
    expect(initializer.text).toContain("url: resolveUrl('./json')");
    const { body } = await api.http.get('/docs/json').expect(200);
    expect(serverOf(body, 'https://proxy/prefix/docs/json')).toBe('https://proxy/prefix/');
    expect({ ...body, servers: document.servers }).toEqual(document);
  });
});

describe('behind a proxy', () => {
  const PAGES = ['/docs', '/docs/', '/docs?x=1', '/docs/?x=1', '/docs?x=a/', '/docs/?x=a/', '/docs/?'];

  /** Checks that a page at this address names its files below the prefix. */
  function expectFilesBelow(page: string, address: string, prefix: string): void {
    const assets = [...page.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, url]) => url ?? '');
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      expect(new URL(asset, address).pathname).toMatch(new RegExp(`^${prefix}/docs/static/[^/]+$`));
    }
  }

  it.each(PAGES)('%s names its files below the path prefix', async (path) => {
    const { text: page } = await api.http.get(path).expect(200);
    expectFilesBelow(page, `https://proxy/prefix${path}`, '/prefix');
  });

  it.each(['', '?x=1', '?x=/static/index.html'])(
    'the file index.html%s leads to the page, below the path prefix',
    async (query) => {
      const path = `/docs/static/index.html${query}`;
      const { headers } = await api.http.get(path).redirects(0).expect(302);
      const page = new URL(headers['location'] ?? '', `https://proxy/prefix${path}`);
      expect(page.href).toBe('https://proxy/prefix/docs/');
    },
  );

  it('the public address is named in the document and in Location, and its path is taken with every request', async () => {
    const publicUrl = 'https://example.com/mill/race';
    const { app, origin } = await startApi(redis.url, { PUBLIC_URL: `${publicUrl}/` });
    try {
      for (const prefix of ['', '/mill/race']) {
        const read = (path: string) => send(origin, { method: 'GET', path: prefix + path });
        expect((await read('/openapi.json')).body.servers[0].url).toBe(publicUrl);
        for (const page of PAGES) {
          const { status, text: html } = await read(page);
          expect([page, status]).toEqual([page, 200]);
          expectFilesBelow(html, `https://example.com${prefix}${page}`, prefix);
        }
        const post = { path: `${prefix}/jobs`, headers: JSON_TYPE, body: '{"task":"echo"}' };
        for (const headers of [JSON_TYPE, { ...JSON_TYPE, 'idempotency-key': `k${prefix}` }]) {
          const answer = await send(origin, { ...post, headers });
          expect(answer.headers['location']).toBe(`${publicUrl}/jobs/${answer.body.id}`);
        }
      }
      expect((await send(origin, { method: 'GET', path: '/mill/racer/livez' })).status).toBe(404);
    } finally {
      await app.close();
    }
  });
});

describe('the document', () => {
  it.each(['/openapi.json', '/docs/json', '/docs/yaml'])('is made once: %s', async (path) => {
    const first = await api.http.get(path).expect(200);
    const swagger = vi.spyOn(api.app, 'swagger');
    for (let count = 0; count < 3; count += 1) {
      const next = await api.http.get(path).expect(200);
      expect([next.headers['content-type'], next.text]).toEqual([first.headers['content-type'], first.text]);
    }
    expect(swagger).not.toHaveBeenCalled();
    swagger.mockRestore();
    const head = await api.http.head(path).expect(200);
    expect(head.headers['content-type']).toBe(first.headers['content-type']);
  });
});

describe('/docs', () => {
  it('is a page that loads all its parts from the service', async () => {
    const page = await api.http.get('/docs').redirects(2).expect(200);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    const assets = [...page.text.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, url]) => url ?? '');
    expect(assets.some((url) => url.endsWith('.js'))).toBe(true);
    expect(assets.some((url) => url.endsWith('.css'))).toBe(true);
    for (const asset of assets) {
      const url = new URL(asset, `${api.origin}/docs`);
      expect(url.origin).toBe(api.origin);
      const { status, headers } = await api.http.get(url.pathname);
      expect([asset, status]).toEqual([asset, 200]);
      expect(headers['content-length']).not.toBe('0');
    }
  });
});
