import type { CDPSession, Page } from 'playwright-core';
import supertest from 'supertest';
import { beforeAll, describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { useBrowser } from '../helpers/dashboard/browser.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: '4194304' });
const browser = useBrowser();

const JOBS = 100_000;
const QUEUES = 1_000;
const BATCH = 10_000;
const SCROLLED_PAGES = 9;
const SCROLL_DOWN = 'scrollTo(0, document.body.scrollHeight)';
/** What the page itself may take, ms. */
const MOST_MS = 200;

const submitLines = (lines: readonly object[]) =>
  supertest(api.origin)
    .post('/jobs/batch')
    .set('content-type', 'application/x-ndjson')
    .send(lines.map((line) => JSON.stringify(line)).join('\n'))
    .expect(207);

beforeAll(async () => {
  for (let i = 0; i < JOBS; i += BATCH)
    await submitLines(
      Array.from({ length: BATCH }, (_, j) => ({ task: 'print', queue: 'many', payload: i + j })),
    );
  await submitLines(Array.from({ length: QUEUES }, (_, i) => ({ task: 'print', queue: `q-${1_000 + i}` })));
});

/** The time that the page keeps its thread busy: other programs do not count. */
async function busyMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
}

async function watch(page: Page): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return session;
}

describe('100,000 jobs', () => {
  it('are scrolled to the end, a page at a time, and searched, with few rows drawn', async () => {
    const page = await browser.open(`${api.origin}/ui/jobs?queue=many`);
    await page.getByText('1,000 so far').waitFor();
    const session = await watch(page);
    const took: number[] = [];
    for (let pages = 2; pages <= SCROLLED_PAGES; pages += 1) {
      const before = await busyMs(session);
      await page.evaluate(SCROLL_DOWN);
      await page.getByText(`${pages},000 so far`).waitFor();
      took.push((await busyMs(session)) - before);
    }
    // A search that finds nothing reads to the end.
    await page.keyboard.press('/');
    await page.keyboard.insertText('no such job');
    await page.getByText('0 of 100,000 in all').waitFor();
    const search = page.getByLabel('Find in the list');
    for (const text of ['', '1', 'many~', 'no such job']) {
      const before = await busyMs(session);
      await search.fill(text);
      await page
        .locator('.head .note', { hasText: text === 'no such job' ? /^0 of/ : /100,000 in all/ })
        .waitFor();
      took.push((await busyMs(session)) - before);
    }
    await search.fill('');
    await page.locator('.list-row').first().waitFor();
    const before = await busyMs(session);
    await page.evaluate(SCROLL_DOWN);
    await page.locator(`[aria-rowindex="${JOBS + 1}"]`).waitFor();
    took.push((await busyMs(session)) - before);
    expect(await page.locator('.list-row').count()).toBeLessThan(100);
    // The slowest one may have met other work of the browser.
    const [, second = 0] = took.sort((a, b) => b - a);
    expect(second).toBeLessThan(MOST_MS);
  });
});

describe('1,000 queues', () => {
  it('are scrolled and searched, with few rows drawn', async () => {
    const page = await browser.open(`${api.origin}/ui/`);
    await page.getByText('1,001 queues').waitFor();
    const session = await watch(page);
    const before = await busyMs(session);
    await page.evaluate(SCROLL_DOWN);
    await page.getByRole('row', { name: /q-1999/ }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.insertText('q-1500');
    await page.getByRole('row', { name: /q-1999/ }).waitFor({ state: 'detached' });
    const took = (await busyMs(session)) - before;
    expect(await page.locator('.list-row').count()).toBe(1);
    expect(took).toBeLessThan(2 * MOST_MS);
  });
});

describe('a payload of 1 MiB', () => {
  it('is cut at first, and shown as a whole on demand', async () => {
    const payload = {
      text: `${'word '.repeat(200_000)}end of it`,
      list: Array.from({ length: 5_000 }, (_, i) => i),
    };
    const { id } = await api.submit({ task: 'print', queue: 'large', payload });
    const page = await browser.open(`${api.origin}/ui/jobs/${id}`);
    const show = page.getByRole('button', { name: /Show all 1\.\d MiB/ });
    await show.waitFor();
    expect((await page.locator('pre').first().innerText()).length).toBeLessThan(10_000);
    await show.click();
    await page.getByRole('button', { name: 'Show less' }).waitFor();
    expect(
      await page
        .locator('pre')
        .first()
        .evaluate((pre) => pre.textContent?.includes('end of it')),
    ).toBe(true);
  });
});
