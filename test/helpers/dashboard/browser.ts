import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { chromiumPath } from '../local/chromium.ts';
import { PATIENCE_MS } from '../patience.ts';

interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** Where the reader is. */
  readonly timeZone?: string;
}

export interface TestBrowser {
  /** Opens an address in a tab of its own, with a session of its own. */
  open(address: string, look?: Look): Promise<Page>;
}

/** What no page may do, told by the browser. */
const faults: string[] = [];

/**
 * A Chromium for the tests of one file. After each test it fails if a page has shown a dialog, thrown an error, broken its
 * policy, filled a field with what it cannot show, or called another host.
 */
export function useBrowser(): TestBrowser {
  let browser: Browser;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(faults.splice(0)).toEqual([]);
  });
  afterAll(() => browser.close());

  return {
    async open(address, { width = 1280, height = 800, colorScheme = 'light', timeZone = 'UTC' } = {}) {
      const viewport = { width, height };
      const context = await browser.newContext({ viewport, colorScheme, timezoneId: timeZone });
      contexts.push(context);
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      watch(page, new URL(address).host);
      await page.goto(address);
      return page;
    },
  };
}

function watch(page: Page, host: string): void {
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy|does not conform/i.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).host !== host) faults.push(`request: ${request.url()}`);
  });
}
