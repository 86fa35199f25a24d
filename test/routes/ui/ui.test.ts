import { describe, expect, it } from 'vitest';
import { WITH_KEYS } from '../../helpers/api/keys.ts';
import { send } from '../../helpers/api/send.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, WITH_KEYS);

const get = (path: string, headers: Record<string, string> = {}) =>
  send(api.origin, { method: 'GET', path, headers });

/** Where the links of a page lead. */
const linksOf = (text: string, address: string): string[] => {
  const base = new URL(/<base href="([^"]*)">/.exec(text)?.[1] ?? '', address);
  return [...text.matchAll(/ (?:src|href)="(assets[^"]*)"/g)].map(
    ([, path = '']) => new URL(path, base).pathname,
  );
};

describe('the dashboard', () => {
  it('is at /ui/, and /ui leads there', async () => {
    const { status, headers } = await get('/ui?x=1');
    expect([status, headers['location']]).toEqual([302, 'ui/']);
    expect((await get('/ui/')).status).toBe(200);
  });

  it('needs no key, as it holds no data; a browser gets to it from /', async () => {
    const { status, headers } = await get('/', { accept: 'text/html' });
    expect([status, headers['location']]).toEqual([302, 'ui/']);
    expect((await get('/')).status).toBe(401);
    expect((await get('/ui/')).status).toBe(200);
    expect((await get('/queues')).status).toBe(401);
  });

  it.each(['/ui/', '/ui/queues/default', '/ui/jobs/default~n1-0', '/ui/jobs/a%2Fb?x=1', '/ui/a/b/c/'])(
    'answers %s with the page, whose links work there',
    async (path) => {
      const { status, headers, text } = await get(path);
      expect(status).toBe(200);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(headers['cache-control']).toBe('no-cache');
      const links = linksOf(text, `${api.origin}${path}`);
      expect(links).toHaveLength(3);
      for (const link of links) {
        // Another address would be answered, too: with the page.
        expect(link).toMatch(/^\/ui\/assets\//);
        expect([link, (await get(link)).status]).toEqual([link, 200]);
      }
      expect(linksOf(text, `http://proxy/prefix${path}`)).toEqual(links.map((link) => `/prefix${link}`));
    },
  );

  it('runs nothing but its own files, and sits in no frame', async () => {
    const { headers, text } = await get('/ui/');
    const policy = headers['content-security-policy']?.split('; ') ?? [];
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy.join()).not.toMatch(/unsafe|https?:|data:|\*/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:/i);
  });

  it('lets browsers keep its files for good, as their names change with them', async () => {
    const [link = ''] = linksOf((await get('/ui/')).text, `${api.origin}/ui/`);
    const { headers, text } = await get(link);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['vary']).toBe('accept-encoding');
    const zipped = await fetch(api.origin + link, { headers: { 'accept-encoding': 'gzip' } });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(await zipped.text()).toBe(text);
  });

  it('answers 404 for a file that it does not have', async () => {
    for (const name of ['main.js', '..%2f..%2fpackage.json', '%2e%2e%2findex.html']) {
      const { status, body } = await get(`/ui/assets/${name}`);
      expect([name, status, body.code]).toEqual([name, 404, 'route-not-found']);
    }
  });

  it('is served without Redis', async () => {
    // Port 1 is never a Redis.
    const { app, origin } = await startApi('redis://127.0.0.1:1');
    try {
      expect((await send(origin, { method: 'GET', path: '/ui/' })).status).toBe(200);
    } finally {
      await app.close();
    }
  });
});
