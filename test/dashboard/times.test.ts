import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { useBrowser } from '../helpers/dashboard/browser.ts';
import { until, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const browser = useBrowser();

/** Keeps what is written on each canvas since it was last cleared: the marks of the axes. */
const KEEP_MARKS = `(() => {
  window.marks = [];
  const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    this.texts.push([this.textAlign, text]);
    return fillText.call(this, text, ...rest);
  };
  CanvasRenderingContext2D.prototype.clearRect = function (...rest) {
    window.marks.push((this.texts = []));
    return clearRect.apply(this, rest);
  };
})()`;

type Marks = readonly (readonly [align: string, text: string])[];

const marksOf = (page: Page): Promise<Marks[]> => page.evaluate('window.marks') as Promise<Marks[]>;

describe('the charts of a queue', () => {
  it('begin with the last minute, and with numbers that differ', async () => {
    await api.submit({ task: 'print', queue: 'press' });
    const page = await browser.open(`${api.origin}/ui/`);
    await page.addInitScript(KEEP_MARKS);
    await page.goto(`${api.origin}/ui/queues/press`);
    const drawn = async () => (await marksOf(page)).filter((marks) => marks.length > 0);
    await until(async () => (await drawn()).length >= 2, 'two charts');
    for (const marks of await drawn()) {
      const [times, numbers] = [
        marks.filter(([align]) => align !== 'right').map(([, text]) => text),
        marks.filter(([align]) => align === 'right').map(([, text]) => text),
      ];
      expect(times.join(' ')).toMatch(/:\d\d/);
      expect(numbers.length).toBeGreaterThan(1);
      expect(new Set(numbers).size).toBe(numbers.length);
    }
  });
});

describe('the times of a search', () => {
  it('are of the reader in the fields, and of all readers in the address', async () => {
    await api.submit({ task: 'print', queue: 'times' });
    const path = `${api.origin}/ui/jobs?queue=times&from=2026-11-30T00%3A00%3A30Z`;
    const page = await browser.open(path, { timeZone: 'Asia/Kolkata' });
    expect(await page.getByLabel('Submitted from').inputValue()).toBe('2026-11-30T05:30:30');
    const asked = page.waitForRequest(/[?&]to=/);
    await page.getByLabel('until').fill('2026-12-01T05:30');
    const { searchParams } = new URL((await asked).url());
    expect([searchParams.get('from'), searchParams.get('to')]).toEqual([
      '2026-11-30T00:00:30Z',
      '2026-12-01T00:00:00Z',
    ]);
    await page.waitForURL(/to=2026-12-01T00%3A00%3A00Z/);
    const other = await browser.open(page.url(), { timeZone: 'America/New_York' });
    expect(await other.getByLabel('until').inputValue()).toBe('2026-11-30T19:00');
  });

  it('are typed digit by digit, and what is no time is refused', async () => {
    const page = await browser.open(`${api.origin}/ui/jobs?queue=times`, { timeZone: 'Europe/Berlin' });
    await page.getByLabel('Submitted from').focus();
    // Slower than the view takes what is typed.
    await page.keyboard.type('11302026', { delay: 300 });
    await page.keyboard.press('ArrowRight');
    await page.keyboard.type('0315AM', { delay: 300 });
    await page.waitForURL(/from=2026-11-30T02%3A15%3A00Z/);
    await page.goto(`${api.origin}/ui/jobs?from=soon`);
    await page.locator('.failure', { hasText: '/from' }).waitFor();
  });
});
