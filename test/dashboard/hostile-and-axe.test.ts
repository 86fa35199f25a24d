import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import supertest from 'supertest';
import { beforeAll, describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { useBrowser } from '../helpers/dashboard/browser.ts';
import { takeJobs } from '../helpers/dashboard/leases.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const browser = useBrowser();

const HOSTILE = `"><img src=x onerror=alert(1)><script>alert(2)</script><svg/onload=alert(3)>'\${alert(4)}<style>*{display:none}</style>javascript:alert(5)`;
/** What axe calls a finding that must not be. */
const IMPACTS = ['serious', 'critical'];
const NARROWEST =
  'Math.min(999, ...[...document.querySelectorAll(".list-row td:first-child")].map((cell) => cell.offsetWidth))';
let views: Readonly<Record<string, string>>;

beforeAll(async () => {
  const http = supertest(api.origin);
  const text = { [HOSTILE]: [HOSTILE, { href: `javascript:alert(6)` }] };
  const tags = [HOSTILE.slice(0, 60), '<b>x</b>'];
  const job = {
    task: 'print',
    queue: 'hostile',
    payload: text,
    metadata: { [HOSTILE.slice(0, 100)]: HOSTILE },
    tags,
    key: HOSTILE.slice(0, 60),
  };
  const failed = await api.submit({ ...job, attempts: 1 });
  const lease = await takeJobs(api.origin, 'hostile');
  await lease.report('progress', { progress: text });
  await lease.report('log', { log: [{ level: 'error', message: HOSTILE }] });
  const error = {
    name: HOSTILE,
    message: HOSTILE,
    stack: HOSTILE,
    code: HOSTILE,
    data: text,
    cause: { message: HOSTILE },
  };
  await lease.report('fail', { error, retryable: false });
  const completed = await api.submit({ ...job, key: 'k' });
  const second = await takeJobs(api.origin, 'hostile');
  await second.report('complete', { result: text });
  const waiting = await api.submit({ ...job, delay: '1h' });
  const plan = {
    cron: '0 9 * * MON',
    timeZone: 'Europe/Berlin',
    job: { task: 'print', queue: 'hostile', payload: text },
  };
  await http.put('/schedules/hostile').send(plan).expect(201);
  const input = {
    type: 'object',
    properties: { [HOSTILE]: { type: 'string', description: HOSTILE, default: HOSTILE } },
  };
  await http.put('/queues/hostile/tasks/print').send({ input }).expect(200);
  await http
    .post('/keys')
    .send({ name: HOSTILE.slice(0, 60), scopes: ['read:hostile'] })
    .expect(201);
  await http.put('/queues/hostile/subscriptions/billing').send({}).expect(201);
  views = {
    overview: '',
    queue: 'queues/hostile',
    jobs: 'jobs?queue=hostile',
    'failed job': `jobs/${failed.id}`,
    'completed job': `jobs/${completed.id}`,
    'waiting job': `jobs/${waiting.id}`,
    'unknown job': `jobs/${encodeURIComponent(HOSTILE)}`,
    'search for it': `jobs?queue=hostile&tag=${encodeURIComponent(tags[0] ?? '')}`,
    dead: 'dead/hostile',
    schedules: 'schedules',
    schedule: 'schedules/hostile',
    editor: 'schedules/hostile/edit',
    subscriptions: 'subscriptions',
    workers: 'workers',
    submit: 'submit?queue=hostile&task=print',
    keys: 'keys',
    audit: 'audit',
    nowhere: encodeURIComponent(HOSTILE),
  };
});

/** Opens a view and waits until it has read what it shows. */
async function visit(page: Page, path: string): Promise<void> {
  await page.goto(`${api.origin}/ui/${path}`);
  await page.locator('h1, .empty').first().waitFor();
  await page.locator('.loading').waitFor({ state: 'detached' });
}

describe('hostile texts', () => {
  // The browser fails the test for a dialog, a broken policy or a call of another host.
  it('are shown as texts in every view', async () => {
    const page = await browser.open(`${api.origin}/ui/`);
    for (const [name, path] of Object.entries(views)) {
      await visit(page, path);
      expect([name, await page.locator('#app img, #app script, #app style, #app [onload]').count()]).toEqual([
        name,
        0,
      ]);
      expect([name, await page.locator('[href^="javascript:" i], [src^="javascript:" i]').count()]).toEqual([
        name,
        0,
      ]);
    }
    await visit(page, views['failed job'] ?? '');
    expect(await page.locator('.error-message').first().innerText()).toContain('<script>alert(2)</script>');
  });

  it('go into the curl command as one word of the shell', async () => {
    const page = await browser.open(`${api.origin}/ui/${views['waiting job']}`);
    await page.evaluate(
      `Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { window.copied = text; } } })`,
    );
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await page.getByText('Copied the curl command').waitFor();
    const command = (await page.evaluate('copied')) as string;
    const words = command.replaceAll(`'\\''`, '').match(/'[^']*'|[^\s']+/g) ?? [];
    expect(words.slice(0, 3)).toEqual(['curl', '-s', '--json']);
    expect(words).toHaveLength(5);
  });
});

describe('for all readers', () => {
  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 375],
  ] as const)('no view has a serious finding of axe: %s, %d px wide', async (colorScheme, width) => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const page = await browser.open(`${api.origin}/ui/`, { colorScheme, width });
    const found: string[] = [];
    for (const [name, path] of Object.entries(views)) {
      await visit(page, path);
      await page.evaluate(axe);
      const { violations } = (await page.evaluate('axe.run()')) as { violations: Violation[] };
      for (const { id, impact, nodes } of violations)
        if (IMPACTS.includes(impact)) found.push(`${name}: ${id} ${nodes[0]?.html.slice(0, 160)}`);
      const overflow = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
      const narrowest = (await page.evaluate(NARROWEST)) as number;
      if (narrowest < 80) found.push(`${name}: the first column has ${narrowest} px`);
      if (overflow > 0) found.push(`${name}: ${overflow} px wider than the window`);
    }
    expect(found).toEqual([]);
  });
});

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}
