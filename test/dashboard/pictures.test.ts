import { mkdir, mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import supertest from 'supertest';
import { beforeAll, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { useBrowser } from '../helpers/dashboard/browser.ts';
import { takeJobs } from '../helpers/dashboard/leases.ts';
import { useRedis } from '../helpers/redis/server.ts';

/** `npm run pictures` stores the picture of the README; PICTURES names a folder for all of them. */
const FOLDER = process.env['PICTURES'];
const README_PICTURE = fileURLToPath(new URL('../../docs/dashboard.png', import.meta.url));
const MOST_BYTES = 150_000;

const redis = useRedis({ persistent: true });
const api = useApi(redis);
const browser = useBrowser();
let failedJob: string;

const ERRORS = [
  { name: 'SmtpError', message: '421 Too many connections from this host' },
  { name: 'SmtpError', message: '421 Too many connections from this host' },
  { name: 'TypeError', message: "Cannot read properties of undefined (reading 'address')" },
];

async function work(queue: string, completed: number, running: number): Promise<void> {
  const lease = await takeJobs(api.origin, queue, completed + running);
  for (const job of lease.jobs.slice(0, completed))
    await lease.report('complete', { result: { sent: true } }, job);
}

const submitMany = (queue: string, count: number, options: object = {}) =>
  supertest(api.origin)
    .post('/jobs/batch')
    .send({
      jobs: Array.from({ length: count }, (_, i) => ({
        task: 'send',
        queue,
        payload: { order: 4_700 + i },
        ...options,
      })),
    })
    .expect(207);

beforeAll(async () => {
  const http = supertest(api.origin);
  const mail = {
    to: 'ada@example.com',
    template: 'invoice',
    order: 4711,
    lines: [{ article: 'Mill wheel', amount: 1 }],
  };
  const { id } = await api.submit({
    task: 'send-invoice',
    queue: 'emails',
    payload: mail,
    attempts: 2,
    tags: ['customer-17', 'invoice'],
  });
  failedJob = id;
  const stack =
    'SmtpError: 421 Too many connections from this host\n    at Connection.command (smtp.js:88:13)\n    at async send (emails.js:21:5)';
  for (const isLast of [false, true]) {
    const lease = await takeJobs(api.origin, 'emails');
    const lines = ['Rendering the template', 'Connecting to mx1.example.com'].map((message) => ({
      level: 'info',
      message,
    }));
    await lease.report('log', { log: [...lines, { level: 'warn', message: 'The server answered 421' }] });
    await lease.report('fail', { error: { ...ERRORS[0], stack }, retryable: !isLast, retryInMs: 0 });
  }
  await submitMany('emails', 3);
  const bad = await takeJobs(api.origin, 'emails', 3);
  for (const [i, error] of ERRORS.entries())
    await bad.report('fail', { error, retryable: false }, bad.jobs[i]);
  await submitMany('emails', 40);
  await work('emails', 22, 6);
  await submitMany('images', 18);
  await work('images', 12, 4);
  await submitMany('invoices', 9);
  await work('invoices', 7, 2);
  await submitMany('invoices', 4, { delay: '2h' });
  await submitMany('reports', 5);
  await submitMany('search-index', 30);
  await work('search-index', 29, 1);
  await http.post('/queues/reports/pause').expect(200);
  const jobOf = (task: string, queue: string) => ({ task, queue, payload: { format: 'pdf' } });
  const zone = { timeZone: 'Europe/Berlin' };
  await http
    .put('/schedules/daily-report')
    .send({ cron: '0 7 * * MON-FRI', ...zone, job: jobOf('report', 'reports') })
    .expect(201);
  await http
    .put('/schedules/clean-up')
    .send({ every: '15m', job: jobOf('clean', 'default') })
    .expect(201);
});

const views = (): readonly (readonly [name: string, path: string, ready: string])[] => [
  ['overview', '', '.list-row'],
  ['queue', 'queues/emails', '.chart canvas'],
  ['job', `jobs/${failedJob}`, '.log'],
  ['jobs', 'jobs?queue=emails', '.list-row'],
  ['dead', 'dead/emails', '.group'],
  ['schedule', 'schedules/daily-report', '.figures tbody tr'],
  ['editor', 'schedules/daily-report/edit', '.figures tbody tr'],
  ['workers', 'workers', '.list-row'],
  ['submit', 'submit', '.form'],
  ['keys', 'keys', 'h1'],
  ['audit', 'audit', '.list-row'],
];

it('the picture of the README shows the overview, and is small', async () => {
  const page = await browser.open(`${api.origin}/ui/`, { width: 1200, height: 620 });
  await page.locator('.live.is-open').waitFor();
  // A line needs some readings, and something to tell.
  const lines = page.locator('.spark-line');
  await expect.poll(() => lines.count()).toBeGreaterThan(4);
  for (const amount of [3, 9, 5, 12]) {
    const before = await lines.first().getAttribute('d');
    for (const [i, queue] of ['emails', 'images', 'invoices', 'search-index'].entries()) {
      await submitMany(queue, amount + i);
      await work(queue, amount + i, 0);
    }
    await expect.poll(() => lines.first().getAttribute('d')).not.toBe(before);
  }
  const folder = await mkdtemp(join(tmpdir(), 'mr-pictures-'));
  const path = FOLDER === undefined ? join(folder, 'dashboard.png') : README_PICTURE;
  await page.screenshot({ path, animations: 'disabled' });
  expect((await stat(path)).size).toBeLessThan(MOST_BYTES);
  expect((await stat(README_PICTURE)).size).toBeLessThan(MOST_BYTES);
});

async function drawAll(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, path, ready] of views()) {
    for (const [look, width, colorScheme] of [
      ['light', 1280, 'light'],
      ['dark', 1280, 'dark'],
      ['small', 375, 'light'],
    ] as const) {
      const page = await browser.open(`${api.origin}/ui/${path}`, {
        width,
        colorScheme,
        height: width < 400 ? 720 : 860,
      });
      await page.locator(ready).first().waitFor();
      await page.locator('.live.is-open').waitFor();
      await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: width < 400 });
    }
  }
}

// The long form, for people who look at them: npm run pictures.
if (FOLDER !== undefined)
  it('all views are drawn in both themes and on a small screen', () => drawAll(FOLDER));
