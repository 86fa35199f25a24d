import { describe, expect, it } from 'vitest';
import { homePage } from '../../src/http/home-page.ts';

describe('homePage', () => {
  it('escapes name and version', () => {
    const page = homePage({ name: '<b>"M"</b>', version: `1&'2'` });
    expect(page).toContain('<h1>&#60;b&#62;&#34;M&#34;&#60;/b&#62; 1&#38;&#39;2&#39;</h1>');
    expect(page).not.toContain('<b>');
  });
});
