import { describe, expect, it } from 'vitest';
import { isForeignCall } from '../../../src/http/network/cross-site.ts';

const ORIGINS = new Set(['https://app.example.com']);

const isForeign = (headers: Record<string, string>, method = 'POST') =>
  isForeignCall({ method, headers, host: '127.0.0.1:3000' }, ORIGINS);

describe('isForeignCall', () => {
  it.each<Record<string, string>>([
    {},
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'https://127.0.0.1:3000' },
    { origin: 'https://app.example.com' },
    { origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-origin', origin: 'https://behind.a.proxy' },
    { 'sec-fetch-site': 'none' },
  ])('lets %j pass', (headers) => {
    expect(isForeign(headers)).toBe(false);
  });

  it.each<Record<string, string>>([
    { origin: 'null' },
    { origin: '' },
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1:4000' },
    { origin: 'http://127.0.0.1' },
    { origin: 'http://app.example.com' },
    { origin: 'https://app.example.com.evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:4000' },
    { 'sec-fetch-site': 'cross-site', origin: 'http://127.0.0.1:3000' },
    { 'sec-fetch-site': 'odd' },
  ])('refuses %j', (headers) => {
    expect(isForeign(headers)).toBe(true);
    expect(isForeign(headers, 'DELETE')).toBe(true);
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE'])('lets %s pass, which changes nothing', (method) => {
    expect(isForeign({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, method)).toBe(false);
  });
});
