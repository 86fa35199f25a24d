import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { startApi } from '../../helpers/api/server.ts';
import { chromiumPath } from '../../helpers/local/chromium.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
let app: FastifyInstance | undefined;
let origin: string;
let site: Server | undefined;
let sitePort: number;
let profile: string | undefined;

/** A page that tries what it can with the API, and then shows how it went. */
const page = (api: string): string => `<!doctype html><body><script>
const attempt = (path, init) => fetch('${api}' + path, init).then(({ status, type }) => type === 'opaque' ? 'sent' : status, () => 'refused');
const text = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{"task":"echo","queue":"browser"}' };
(async () => {
  const seen = {
    pause: await attempt('/queues/browser/pause', { method: 'POST', mode: 'no-cors' }),
    text: await attempt('/jobs', { ...text, mode: 'no-cors' }),
    read: await attempt('/queues'),
    json: await attempt('/jobs', { ...text, headers: { 'content-type': 'application/json' } }),
    remove: await attempt('/queues/browser', { method: 'DELETE' }),
  };
  document.body.textContent = 'seen ' + JSON.stringify(seen);
})();
</script></body>`;

beforeAll(async () => {
  profile = await mkdtemp(join(tmpdir(), 'mr-browser-'));
  site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end(page(origin));
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  ({ port: sitePort } = site.address() as AddressInfo);
  ({ app, origin } = await startApi(redis.url, { CORS_ORIGINS: `http://app.example:${sitePort}` }));
});
afterAll(async () => {
  site?.close();
  await app?.close();
  if (profile !== undefined) await rm(profile, { recursive: true, force: true });
});

/** What a browser shows at a URL, and what it says of it. Every name leads to this machine. */
async function visit(url: string): Promise<{ dom: string; console: string }> {
  const args = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--enable-logging=stderr',
    `--user-data-dir=${profile}`,
    '--host-resolver-rules=MAP *.example 127.0.0.1',
    '--virtual-time-budget=20000',
    '--dump-dom',
    url,
  ];
  return new Promise((resolve, reject) => {
    execFile(chromiumPath(), args, { maxBuffer: 50_000_000, timeout: 100_000 }, (error, stdout, stderr) => {
      if (error === null) resolve({ dom: stdout, console: stderr });
      else reject(error);
    });
  });
}

const seenBy = async (url: string): Promise<unknown> => {
  const { dom } = await visit(url);
  const seen = /seen (\{.*?\})/.exec(dom)?.[1];
  return JSON.parse(seen ?? 'null');
};

describe('in Chromium', () => {
  it('a foreign page changes nothing and reads nothing', async () => {
    const seen = await seenBy(`http://evil.example:${sitePort}/`);
    expect(seen).toEqual({
      pause: 'sent',
      text: 'sent',
      read: 'refused',
      json: 'refused',
      remove: 'refused',
    });
    const { body } = await send(origin, { method: 'GET', path: '/queues/browser' });
    expect([body.paused, body.counts.queued]).toEqual([false, 0]);
  });

  it('a page in CORS_ORIGINS may do what a program may', async () => {
    const seen = await seenBy(`http://app.example:${sitePort}/`);
    expect(seen).toEqual({ pause: 'sent', text: 'sent', read: 200, json: 202, remove: 409 });
    const { body } = await send(origin, { method: 'GET', path: '/queues/browser' });
    expect([body.paused, body.counts.queued]).toEqual([true, 1]);
  });

  it('a foreign name that leads to the API shows nothing of it', async () => {
    const { port } = new URL(origin);
    const { dom } = await visit(`http://evil.example:${port}/queues`);
    expect(dom).toContain('misdirected-request');
    expect(dom).not.toContain('"items"');
  });

  it('the documentation works under its policy', async () => {
    const { dom, console } = await visit(`${origin}/docs`);
    expect(dom).toContain('Submit a job');
    // It tries one style element, which the policy refuses, and looks the same without it.
    expect(console).not.toMatch(/script-src|connect-src|img-src|font-src/);
  });

  it('a job that is HTML shows as text', async () => {
    const html = '<img src=x onerror="document.title=1"><script>document.body.textContent="ran"</script>';
    const job = JSON.stringify({ task: 'echo', queue: 'html', payload: html, metadata: { html } });
    const { body } = await send(origin, { headers: JSON_TYPE, body: job });
    for (const path of [`/jobs/${body.id}`, `/jobs/${encodeURIComponent(html)}`]) {
      const { dom } = await visit(`${origin}${path}`);
      expect(dom).not.toMatch(/<img|<title>1|>ran</);
      expect(dom).toContain('&lt;img');
    }
  });
});
