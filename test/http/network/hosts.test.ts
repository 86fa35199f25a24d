import { describe, expect, it } from 'vitest';
import { hostTest } from '../../../src/http/network/hosts.ts';

const BASE = { host: '127.0.0.1', publicUrl: '', allowedHosts: [] };

describe('hostTest', () => {
  const onLoopback = hostTest(BASE);

  it.each([
    'localhost',
    'localhost:3000',
    'LOCALHOST',
    'localhost.',
    'api.localhost:3000',
    '127.0.0.1:3000',
    '127.9.9.9',
    '[::1]:3000',
    '[::1]',
    '10.0.0.7:3000',
  ])('takes %s on loopback', (header) => {
    expect(onLoopback?.(header)).toBe(true);
  });

  it.each([
    '',
    'evil.example',
    'evil.example:3000',
    'localhost.evil.example',
    'notlocalhost',
    '127.0.0.1.evil.example',
    '127.0.0.1.nip.io:3000',
    '[::1].evil.example',
    'localhost:3000.evil.example',
    'localhost, evil.example',
    'user@localhost',
    'localhost/evil',
    '[::1',
    'millrace',
  ])('refuses %j on loopback', (header) => {
    expect(onLoopback?.(header)).toBe(false);
  });

  it('refuses a foreign name also after a right one', () => {
    const isOurs = hostTest(BASE);
    expect(['localhost', 'evil.example', 'localhost', 'evil.example'].map((name) => isOurs?.(name))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('takes the host of PUBLIC_URL and the names of ALLOWED_HOSTS, with any port', () => {
    const isOurs = hostTest({
      ...BASE,
      publicUrl: 'https://jobs.example.com/millrace',
      allowedHosts: ['millrace', 'other.example'],
    });
    for (const header of ['jobs.example.com', 'millrace:3000', 'Other.Example', 'localhost']) {
      expect([header, isOurs?.(header)]).toEqual([header, true]);
    }
    expect(isOurs?.('sub.millrace')).toBe(false);
  });

  it('takes any name where HOST is no loopback address, unless names are given', () => {
    expect(hostTest({ ...BASE, host: '0.0.0.0' })).toBeUndefined();
    expect(hostTest({ ...BASE, allowedHosts: ['*'] })).toBeUndefined();
    const named = hostTest({ ...BASE, host: '0.0.0.0', allowedHosts: ['millrace'] });
    expect([named?.('millrace'), named?.('evil.example')]).toEqual([true, false]);
  });
});
