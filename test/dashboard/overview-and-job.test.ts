import { describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { useBrowser } from '../helpers/dashboard/browser.ts';
import { takeJobs } from '../helpers/dashboard/leases.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const browser = useBrowser();

describe('the overview', () => {
  it('shows the queues with their counts, and follows them live', async () => {
    await api.submit({ task: 'print', queue: 'invoices' });
    const page = await browser.open(`${api.origin}/`);
    expect(page.url()).toBe(`${api.origin}/ui/`);
    const row = page.getByRole('row', { name: /invoices/ });
    await row.getByText('no workers').waitFor();
    expect(await row.getByRole('cell').allInnerTexts()).toContain('1');
    const lease = await takeJobs(api.origin, 'invoices');
    await row.locator('.amount.is-running').waitFor();
    await lease.report('fail', { error: { message: 'out of paper' }, retryable: false });
    await row.locator('.amount.is-failed').waitFor();
  });

  it('finds a queue by its name, and keeps the search in the address', async () => {
    for (const queue of ['mails', 'images']) await api.submit({ task: 'print', queue });
    const page = await browser.open(`${api.origin}/ui/`);
    await page.getByRole('row', { name: /images/ }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('mai');
    await page.getByRole('row', { name: /images/ }).waitFor({ state: 'detached' });
    expect(await page.getByRole('row', { name: /mails/ }).count()).toBe(1);
    expect(page.url()).toContain('?q=mai');
  });

  it('warns of a Redis that may lose jobs', async () => {
    await redis.client.config('SET', 'appendfsync', 'everysec');
    const page = await browser.open(`${api.origin}/ui/`);
    await page.getByText('Redis unsafe').waitFor();
    await redis.client.config('SET', 'appendfsync', 'always');
  });
});

describe('a job', () => {
  it('shows progress, log, error and result as they come', async () => {
    const { id } = await api.submit({ task: 'print', queue: 'press', payload: { pages: 12 }, attempts: 2 });
    const page = await browser.open(`${api.origin}/ui/jobs/${id}`);
    await page.getByText('"pages": 12').waitFor();
    const lease = await takeJobs(api.origin, 'press');
    await page.locator('.status.is-running').waitFor();
    await page.locator('.live.is-open').waitFor();
    await lease.report('progress', { progress: { done: 3, total: 12 } });
    await page.getByText('25 %').waitFor();
    await lease.report('log', { log: [{ level: 'warn', message: 'low on toner' }] });
    await page.getByText('low on toner').waitFor();
    const error = { name: 'Jam', message: 'tray 2', stack: 'Jam: tray 2\n  at feed (press.js:7:1)' };
    await lease.report('fail', { error, retryInMs: 0 });
    await page.getByText('at feed (press.js:7:1)').waitFor();
    await page.getByText('Attempt 1 failed').waitFor();
    await (await takeJobs(api.origin, 'press')).report('complete', { result: { printed: 12 } });
    await page.getByText('"printed": 12').waitFor();
    await page.locator('.status.is-completed').waitFor();
  });

  it('says when no worker serves its queue', async () => {
    const { id } = await api.submit({ task: 'print', queue: 'lonely' });
    const page = await browser.open(`${api.origin}/ui/jobs/${id}`);
    await page.getByText('No worker serves the queue lonely.').waitFor();
    await takeJobs(api.origin, 'lonely');
    await page.getByText('No worker serves').waitFor({ state: 'detached' });
    const next = await api.submit({ task: 'print', queue: 'lonely' });
    const asked = page.waitForResponse(/queues\/lonely\/stats$/);
    await page.goto(`${api.origin}/ui/jobs/${next.id}`);
    await (await asked).finished();
    await page.locator('.status.is-queued').waitFor();
    expect(await page.getByText('No worker serves').count()).toBe(0);
  });

  it('asks before it cancels', async () => {
    const { id } = await api.submit({ task: 'print', queue: 'later', delay: '1h' });
    const page = await browser.open(`${api.origin}/ui/jobs/${id}`);
    await page.getByRole('button', { name: 'Cancel job' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Cancel', exact: true }).click();
    expect((await api.get(id)).status).toBe('scheduled');
    await page.getByRole('button', { name: 'Cancel job' }).click();
    await dialog.getByRole('button', { name: 'Cancel job' }).click();
    await page.locator('.status.is-cancelled').waitFor();
    expect((await api.get(id)).status).toBe('cancelled');
  });
});
