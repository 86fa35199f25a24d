import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../helpers/api/keys.ts';
import { useBrowser } from '../helpers/dashboard/browser.ts';
import { until, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const browser = useBrowser();
let app: FastifyInstance;
let origin: string;

async function start(port: number): Promise<void> {
  app = await buildApp(loadConfig({ REDIS_URL: redis.url, PORT: String(port), ...WITH_KEYS }));
  await app.listen({ host: '127.0.0.1', port });
  origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  await until(async () => (await supertest(origin).get('/readyz')).status === 200, 'a ready API');
}

beforeAll(() => start(0));
afterAll(() => app.close());

const submit = (job: object) => supertest(origin).post('/jobs').set(bearer(ADMIN_KEY)).send(job).expect(202);

/** Opens a view with a key. */
async function enter(path: string, key: string) {
  const page = await browser.open(`${origin}/ui/${path}`);
  await page.getByLabel('Key').fill(key);
  await page.getByRole('button', { name: 'Open the dashboard' }).click();
  return page;
}

describe('with AUTH=keys the page', () => {
  it('asks for a key, says when it is wrong, and forgets it with the session', async () => {
    await submit({ task: 'print', queue: 'secret' });
    const page = await enter('', 'wrong');
    await page.getByText('does not take this key').waitFor();
    expect(await page.getByText('secret').count()).toBe(0);
    await page.getByLabel('Key').fill(ADMIN_KEY);
    await page.getByRole('button', { name: 'Open the dashboard' }).click();
    await page.getByRole('row', { name: /secret/ }).waitFor();
    expect(await page.evaluate('[localStorage.length, document.cookie]')).toEqual([0, '']);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('asks for a key').waitFor();
  });

  it('shows what the key may do, and nothing else', async () => {
    const { body } = await submit({ task: 'print', queue: 'mine', delay: '1h' });
    await submit({ task: 'print', queue: 'theirs' });
    const reader = await makeKey(origin, ['read:mine']);
    const page = await enter('', reader.key);
    await page.getByRole('row', { name: /mine/ }).waitFor();
    expect(await page.getByText('theirs').count()).toBe(0);
    await page.getByRole('link', { name: 'mine' }).click();
    await page.getByRole('link', { name: 'Jobs', exact: true }).first().waitFor();
    // The probes are answered once the network rests.
    await page.goto(`${origin}/ui/jobs/${body.id}`);
    await page.getByRole('button', { name: 'Copy as curl' }).waitFor();
    await until(async () => (await refusals()) >= 3, 'the answers to the probes');
    expect(await page.getByRole('button', { name: 'Cancel job' }).count()).toBe(0);
    for (const name of ['Submit a job', 'Keys', 'Audit'])
      expect([name, await page.getByRole('link', { name, exact: true }).count()]).toEqual([name, 0]);
    const manager = await makeKey(origin, ['read', 'manage:mine']);
    const other = await enter(`jobs/${body.id}`, manager.key);
    await other.getByRole('button', { name: 'Cancel job' }).waitFor();
  });
});

/** How many requests of the last minutes were refused. */
async function refusals(): Promise<number> {
  const { body } = await supertest(origin).get('/audit').set(bearer(ADMIN_KEY));
  return body.items.filter(({ status }: { status: number }) => status === 403).length;
}

describe('while the API is restarted', () => {
  it('the page keeps what it shows, says so, and goes on by itself', async () => {
    await submit({ task: 'print', queue: 'before' });
    const page = await enter('', ADMIN_KEY);
    await page.getByRole('row', { name: /before/ }).waitFor();
    await page.locator('.live.is-open').waitFor();
    const { port } = new URL(origin);
    await app.close();
    await page.getByText('The API does not answer').waitFor();
    expect(await page.getByRole('row', { name: /before/ }).count()).toBe(1);
    await start(Number(port));
    await page.getByText('The API does not answer').waitFor({ state: 'detached' });
    await page.locator('.live.is-open').waitFor();
    await submit({ task: 'print', queue: 'after' });
    await page.getByRole('row', { name: /after/ }).waitFor();
  });
});
