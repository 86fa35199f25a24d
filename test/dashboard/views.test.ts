import type { Page } from 'playwright-core';
import supertest from 'supertest';
import { describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { useBrowser } from '../helpers/dashboard/browser.ts';
import { takeJobs } from '../helpers/dashboard/leases.ts';
import { until, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const browser = useBrowser();

const open = (path: string): Promise<Page> => browser.open(`${api.origin}/ui/${path}`);
const answerTo = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('dialog').getByRole('button', { name }).click();
const fill = (page: Page, label: string, text: string): Promise<void> =>
  page.getByLabel(label, { exact: true }).fill(text);
const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click();

/** Jobs that have failed with these errors. */
async function failJobs(queue: string, messages: readonly string[]): Promise<void> {
  for (const _ of messages) await api.submit({ task: 'print', queue });
  const lease = await takeJobs(api.origin, queue, messages.length);
  for (const [i, message] of messages.entries())
    await lease.report('fail', { error: { name: 'Jam', message }, retryable: false }, lease.jobs[i]);
}

describe('a queue', () => {
  it('shows charts, workers and latency, and takes settings', async () => {
    await api.submit({ task: 'print', queue: 'press' });
    await api.submit({ task: 'print', queue: 'press' });
    await (await takeJobs(api.origin, 'press', 2)).report('complete', { result: 1 });
    const page = await open('queues/press');
    await page.locator('.chart canvas').first().waitFor();
    await page.getByText('press-1').first().waitFor();
    await fill(page, 'Running at a time', '7');
    await fill(page, 'Starts per time', '100/1m/20');
    await fill(page, 'Running per key', '2');
    await press(page, 'Save settings');
    await page.getByText('The settings are stored').waitFor();
    const { body } = await api.http.get('/queues/press');
    expect(body).toMatchObject({
      concurrency: 7,
      rate: { limit: 100, per: 60_000, burst: 20 },
      perKey: { concurrency: 2 },
    });
    await fill(page, 'Running at a time', 'many');
    await press(page, 'Save settings');
    await page.locator('.notice.is-bad', { hasText: '/concurrency' }).waitFor();
    await fill(page, 'Running at a time', '');
    await press(page, 'Save settings');
    await until(async () => (await api.http.get('/queues/press')).body.concurrency === undefined, 'no limit');
  });

  it('is paused, resumed and removed, each after a question', async () => {
    await api.submit({ task: 'print', queue: 'old' });
    const page = await open('queues/old');
    await press(page, 'Pause');
    await answerTo(page, 'Pause');
    await page.locator('.badge', { hasText: 'paused' }).waitFor();
    await press(page, 'Resume');
    await page.locator('.badge', { hasText: 'paused' }).waitFor({ state: 'detached' });
    await press(page, 'Remove');
    await answerTo(page, 'Remove the queue');
    await page.getByText('old is removed').waitFor();
    const { body } = await api.http.get('/queues');
    expect(body.items.map(({ name }: { name: string }) => name)).not.toContain('old');
  });
});

describe('jobs', () => {
  it('are searched by queue, status, task and tag, and the address keeps the search', async () => {
    const wanted = await api.submit({ task: 'print', queue: 'search', tags: ['blue'], delay: '1h' });
    await api.submit({ task: 'print', queue: 'search', tags: ['red'], delay: '1h' });
    await api.submit({ task: 'fold', queue: 'search', tags: ['blue'] });
    const page = await open('jobs?queue=search');
    await page.getByText('3 in all').waitFor();
    await page.getByLabel('Status').selectOption('scheduled');
    await page.getByText('2 in all').waitFor();
    await fill(page, 'Task', 'print');
    await fill(page, 'Tag', 'blue');
    await page.getByText('1 in all').waitFor();
    expect(page.url()).toContain('queue=search&status=scheduled&task=print&tag=blue');
    await page.reload();
    await page.getByRole('link', { name: wanted.id }).click();
    await page.getByRole('heading', { name: wanted.id }).waitFor();
    await page.goBack();
    await page.getByText('1 in all').waitFor();
  });

  it('are opened by the keys of the keyboard', async () => {
    for (let i = 0; i < 3; i += 1) await api.submit({ task: 'print', queue: 'keyboard' });
    const page = await open('jobs?queue=keyboard');
    const rows = page.locator('.row-link');
    await rows.nth(2).waitFor();
    const ids = await rows.allInnerTexts();
    for (const key of ['j', 'j', 'j', 'k', 'Enter']) await page.keyboard.press(key);
    await page.getByRole('heading', { name: ids[1] ?? '' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Next row').waitFor();
  });

  it('are cancelled all at once, after a dry run that counts them', async () => {
    for (let i = 0; i < 4; i += 1) await api.submit({ task: i === 0 ? 'fold' : 'print', queue: 'bulk' });
    const page = await open('jobs?queue=bulk&status=queued&task=print');
    await press(page, 'Cancel all…');
    await page.getByRole('dialog').getByText('3 jobs of bulk will not run').waitFor();
    expect((await api.http.get('/queues/bulk')).body.counts.queued).toBe(4);
    await answerTo(page, 'Cancel 3 jobs');
    await page.getByText('3 cancelled').waitFor();
    expect((await api.http.get('/queues/bulk')).body.counts.queued).toBe(1);
  });
});

describe('dead letters', () => {
  it('are grouped by their error, and a group is retried', async () => {
    await failJobs('dead', ['tray 1', 'tray 2', 'tray 2']);
    const page = await open('dead');
    await page.getByRole('link', { name: 'dead', exact: true }).click();
    const group = page.locator('.group', { hasText: 'Jam: tray 2' });
    expect(await group.locator('.group-count').innerText()).toBe('2');
    await group.getByRole('button', { name: 'Retry…' }).click();
    await answerTo(page, 'Retry 2 jobs');
    await page.getByText('2 retried').waitFor();
    await group.waitFor({ state: 'detached' });
    const { counts } = (await api.http.get('/queues/dead')).body;
    expect(counts).toMatchObject({ failed: 1, queued: 2 });
  });

  it('are purged after a question', async () => {
    await failJobs('purge', ['tray 9']);
    const page = await open('dead/purge');
    await press(page, 'Purge…');
    await answerTo(page, 'Purge 1 job');
    await page.getByText('No dead letters').waitFor();
  });
});

describe('schedules', () => {
  it('are made with a preview of the next times, and the cron in words', async () => {
    const page = await open('schedules/new');
    await fill(page, 'Name', 'nightly');
    await fill(page, 'Cron', '30 2 * * MON-FRI');
    await fill(page, 'Time zone of cron', 'Asia/Tokyo');
    await page.getByText('At 02:30 on Monday to Friday').waitFor();
    const times = page.locator('.figures tbody tr');
    await times.nth(4).waitFor();
    expect(await times.first().innerText()).toMatch(/02:30:00[\s\S]+17:30:00/);
    await fill(page, 'Task', 'print');
    await fill(page, 'Payload (JSON)', '{"pages":');
    await press(page, 'Save schedule');
    await page.locator('.notice.is-bad').waitFor();
    await fill(page, 'Payload (JSON)', '{"pages":12345678901234567890}');
    await press(page, 'Save schedule');
    await page.getByRole('heading', { name: 'nightly' }).waitFor();
    const { text } = await api.http.get('/schedules/nightly');
    expect(text).toContain('"pages":12345678901234567890');
  });

  it('are run now, paused, changed and removed', async () => {
    const path = '/schedules/hourly';
    const plan = { cron: '0 * * * *', maxRuns: 9, job: { task: 'print', queue: 'plan', tags: ['x'] } };
    await supertest(api.origin).put(path).send(plan).expect(201);
    const page = await open('schedules/hourly');
    await press(page, 'Run now');
    await page.getByRole('heading', { name: /^plan~/ }).waitFor();
    await page.goBack();
    await press(page, 'Pause');
    await page.locator('.badge', { hasText: 'paused' }).waitFor();
    await page.getByRole('link', { name: 'Edit' }).click();
    await fill(page, 'Cron', '5 * * * *');
    await press(page, 'Save schedule');
    await page.getByText('hourly is stored').waitFor();
    const { body } = await api.http.get(path);
    expect(body).toMatchObject({ cron: '5 * * * *', maxRuns: 9, job: { tags: ['x'] } });
    await press(page, 'Remove');
    await answerTo(page, 'Remove schedule');
    await page
      .getByText('No schedule')
      .or(page.getByRole('heading', { name: 'Schedules' }))
      .first()
      .waitFor();
    await api.http.get(path).expect(404);
  });
});

describe('a job is submitted', () => {
  it('by a form of the schema that its task has announced', async () => {
    const input = {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', description: 'Whom to greet' },
        times: { type: 'integer' },
        loud: { type: 'boolean' },
        tone: { enum: ['warm', 'cold'] },
      },
    };
    await supertest(api.origin).put('/queues/hello/tasks/greet').send({ input }).expect(200);
    const page = await open('submit?queue=hello&task=greet');
    await page.getByText('Whom to greet').waitFor();
    await fill(page, 'name', 'Ada');
    await fill(page, 'times', '3');
    await page.getByLabel('loud').check();
    await page.getByLabel('tone').selectOption('"warm"');
    await fill(page, 'Tags', 'a, b');
    await press(page, 'Submit job');
    await page.getByRole('heading', { name: /^hello~/ }).waitFor();
    const id = decodeURIComponent(page.url().split('/').at(-1) ?? '');
    const { payload, tags } = await api.get(id);
    expect([payload, tags]).toEqual([{ name: 'Ada', times: 3, loud: true, tone: 'warm' }, ['a', 'b']]);
  });
});

describe('workers, subscriptions, keys and the audit', () => {
  it('a worker is drained', async () => {
    await api.submit({ task: 'print', queue: 'drain' });
    await takeJobs(api.origin, 'drain');
    const page = await open('workers');
    const row = page.getByRole('row', { name: /press-1/ });
    await row.getByRole('button', { name: 'Drain' }).click();
    await answerTo(page, 'Drain worker');
    await row.getByText('draining').waitFor();
  });

  it('a subscription shows how far it is behind, and is removed', async () => {
    await supertest(api.origin).put('/queues/subs/subscriptions/billing').send({}).expect(201);
    const page = await open('subscriptions');
    await page.getByText('0 unread, 0 unacknowledged').waitFor();
    await press(page, 'Remove');
    await answerTo(page, 'Remove subscription');
    await page.getByText('No subscriptions').waitFor();
  });

  it('a key is made, shown once and revoked, and the audit tells of it', async () => {
    const page = await open('keys');
    await fill(page, 'Name of the new key', 'shop');
    await fill(page, 'Scopes', 'submit:press, read');
    await press(page, 'Make a key');
    await page.getByText(/^mrk_/).waitFor();
    await press(page, 'Revoke');
    await answerTo(page, 'Revoke key');
    await page.getByText('No keys yet').waitFor();
    await page.getByRole('link', { name: 'Audit' }).click();
    await page.getByText('DELETE /keys/:id').waitFor();
  });
});
