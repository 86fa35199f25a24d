import type { Page, Route } from 'playwright-core';
import supertest from 'supertest';
import { beforeAll, describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { useBrowser } from '../helpers/dashboard/browser.ts';
import { takeJobs } from '../helpers/dashboard/leases.ts';
import { until, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const browser = useBrowser();

const open = (path: string): Promise<Page> => browser.open(`${api.origin}/ui/${path}`);
const buttonOf = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Requests that change something, each held back until it is let on. */
async function hold(page: Page): Promise<Route[]> {
  const held: Route[] = [];
  await page.route('**/*', async (route) => {
    const request = route.request();
    if (request.method() === 'GET' || request.url().includes('/preview')) await route.continue();
    else held.push(route);
  });
  return held;
}

let jobs: { readonly failed: string; readonly waiting: string };

/** Two jobs of this queue: one has failed, one waits. */
async function prepare(queue: string): Promise<void> {
  const { id: failed } = await api.submit({ task: 'print', queue });
  const lease = await takeJobs(api.origin, queue);
  await lease.report('fail', { error: { message: 'tray 1' }, retryable: false });
  jobs = { failed, waiting: (await api.submit({ task: 'print', queue })).id };
}

beforeAll(async () => {
  await prepare('press');
  const plan = { every: '1d', job: { task: 'print', queue: 'plan' } };
  for (const id of ['daily', 'other'])
    await supertest(api.origin).put(`/schedules/${id}`).send(plan).expect(201);
  await api.submit({ task: 'print', queue: 'paused' });
  await supertest(api.origin).post('/queues/paused/pause').expect(200);
});

interface Action {
  readonly path: () => string;
  readonly button: string;
  /** What is typed, by the labels of the fields. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The button that agrees, where the page asks first. */
  readonly answer?: string;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  'a submit': { path: () => 'submit?queue=new&task=print', button: 'Submit job' },
  'a run of an ended job': { path: () => `jobs/${jobs.failed}`, button: 'Run again' },
  'a retry': { path: () => `jobs/${jobs.failed}`, button: 'Retry' },
  'a cancel': { path: () => `jobs/${jobs.waiting}`, button: 'Cancel job', answer: 'Cancel job' },
  'a run of a schedule': { path: () => 'schedules/daily', button: 'Run now' },
  'a pause of a schedule': { path: () => 'schedules/daily', button: 'Pause' },
  'a change of a schedule': { path: () => 'schedules/other/edit', button: 'Save schedule' },
  'a new key': {
    path: () => 'keys',
    button: 'Make a key',
    fields: { 'Name of the new key': 'shop', Scopes: 'read' },
  },
  'a change of settings': {
    path: () => 'queues/press',
    button: 'Save settings',
    fields: { 'Running at a time': '7' },
  },
  'the end of a pause': { path: () => 'queues/paused', button: 'Resume' },
};

describe('a double click', () => {
  it.each(Object.keys(ACTIONS))('sends %s once, and shows that it runs', async (name) => {
    const { path, button, fields = {}, answer } = ACTIONS[name] as Action;
    const page = await open(path());
    await buttonOf(page, button).waitFor();
    for (const [label, text] of Object.entries(fields))
      await page.getByLabel(label, { exact: true }).fill(text);
    const held = await hold(page);
    if (answer === undefined) await buttonOf(page, button).dblclick();
    else {
      await buttonOf(page, button).click();
      await page.getByRole('dialog').getByRole('button', { name: answer, exact: true }).dblclick();
    }
    await until(async () => held.length > 0, 'a request');
    // A request of the second click would be there before this one.
    await page.evaluate('fetch("../livez")');
    expect(held).toHaveLength(1);
    await page.locator('button[aria-disabled="true"], form[aria-busy="true"]').waitFor();
    await held[0]?.continue();
    await page.locator('.notice.is-good').waitFor();
    expect(held).toHaveLength(1);
  });
});

describe('an action whose answer got lost', () => {
  it.each(['a submit', 'a run of an ended job', 'a run of a schedule'])(
    '%s is repeated without a second job',
    async (name) => {
      const queue = `lost-${Object.keys(ACTIONS).indexOf(name)}`;
      await prepare(queue);
      const plan = { every: '1d', job: { task: 'print', queue } };
      await supertest(api.origin).put('/schedules/lost').send(plan);
      const paths = {
        'a submit': `submit?queue=${queue}&task=print`,
        'a run of a schedule': 'schedules/lost',
      };
      const page = await open(paths[name as keyof typeof paths] ?? `jobs/${jobs.failed}`);
      const { button } = ACTIONS[name] as Action;
      const held = await hold(page);
      const waiting = async (): Promise<number> =>
        (await api.http.get(`/queues/${queue}`)).body.counts.queued;
      expect(await waiting()).toBe(1);
      await buttonOf(page, button).click();
      await until(async () => held.length > 0, 'a request');
      await held[0]?.fetch();
      await held[0]?.abort();
      await page.locator('.notice.is-bad', { hasText: 'does not answer' }).waitFor();
      expect(await waiting()).toBe(2);
      await page.unrouteAll();
      await buttonOf(page, button).click();
      await page.getByRole('heading', { name: new RegExp(`^${queue}~`) }).waitFor();
      expect(await waiting()).toBe(2);
      // Who comes back wants another one.
      await page.goBack();
      await buttonOf(page, button).click();
      await until(async () => (await waiting()) === 3, 'another job');
    },
  );
});

describe('a name that leads elsewhere', () => {
  it.each(['.', '..'])('%s is refused in its field, and in a search', async (name) => {
    const page = await open('schedules/new');
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByLabel('or every').fill('1d');
    await page.getByLabel('Task', { exact: true }).fill('print');
    await buttonOf(page, 'Save schedule').click();
    await page.locator('.notice.is-bad', { hasText: `"${name}" cannot be a name` }).waitFor();
    await page.goto(`${api.origin}/ui/jobs?queue=${name}`);
    await page.locator('.failure', { hasText: '/queue' }).waitFor();
    expect(await page.locator('.list-row').count()).toBe(0);
  });
});
