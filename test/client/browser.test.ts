import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY, WITH_KEYS } from '../helpers/api/keys.ts';
import { startReadyApi } from '../helpers/api/server.ts';
import { chromiumPath } from '../helpers/local/chromium.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { useWorker } from '../helpers/workers/worker-process.ts';

const redis = useRedis();
useWorker(redis);
let browser: Browser | undefined;
let site: Server | undefined;
let home: string;
let started: Awaited<ReturnType<typeof startReadyApi>> | undefined;

/** What a page does with the client: its results, in the order of the steps. */
const program = (origin: string) => `
import { Millrace } from '/client.js';
const mr = new Millrace({ url: '${origin}', key: '${ADMIN_KEY}' });
const job = await mr.submit('flaky', { until: 2 }, { tags: ['ü'] });
const types = [];
for await (const { type } of job.events({ lastEventId: '0-0' })) types.push(type);
const refusal = await mr.submit('echo', null, { attempts: 1000 }).catch((error) => error);
const found = await mr.jobs({ tag: 'ü' }).first(5);
const nobody = await new Millrace({ url: 'http://127.0.0.1:1', tries: 1 }).get('x').catch((error) => error);
const moved = await new Millrace({ url: location.origin + '/moved' }).submit('echo').catch((error) => error);
window.seen = {
  result: await job.result({ timeout: '30s' }),
  last: types.at(-1),
  code: refusal.code,
  requestId: typeof refusal.requestId,
  found: found.length,
  nobody: nobody.code,
  moved: moved.code,
};
`;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: ['src/client/index.ts'],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  site = createServer((request, response) => {
    if (request.url?.startsWith('/moved/')) return response.writeHead(301, { location: '/' }).end();
    const isClient = request.url === '/client.js';
    response.setHeader('content-type', isClient ? 'text/javascript' : 'text/html');
    response.end(isClient ? outputFiles[0]?.contents : '<!doctype html><title>client</title>');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  home = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  site?.close();
  await started?.app.close();
});

it('works on a page of another origin in Chromium, with a key', async () => {
  started = await startReadyApi(redis.url, { ...WITH_KEYS, CORS_ORIGINS: home });
  const page = await browser?.newPage();
  if (page === undefined) throw new Error('no browser');
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  await page.goto(home);
  await page.addScriptTag({ type: 'module', content: program(started.origin) });
  await expect.poll(() => page.evaluate('window.seen ?? null')).not.toBeNull();
  expect(await page.evaluate('window.seen')).toEqual({
    result: { attempt: 2 },
    last: 'completed',
    code: 'invalid-request',
    requestId: 'string',
    found: 1,
    nobody: 'unreachable',
    moved: 'redirected',
  });
  expect(errors).toEqual([]);
});
