import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { chooseAddress, freePort, redisConf } from '../../src/local/redis-settings.ts';

describe('the address of a Redis', () => {
  it('is a socket in the data folder', async () => {
    expect((await chooseAddress('/data/with space', {})).url).toBe('unix:///data/with%20space/redis.sock');
  });

  it('is a loopback port with a password where the path is too long for a socket', async () => {
    const { url, lines } = await chooseAddress(`/${'x'.repeat(100)}`, {});
    expect(url).toMatch(/^redis:\/\/:[0-9a-f]{48}@127\.0\.0\.1:\d+$/);
    expect(lines).toContain('bind 127.0.0.1');
  });

  it('has the port and password that the caller wants', async () => {
    const { url } = await chooseAddress('/data', { port: 7_000, password: 'secret' });
    expect(url).toBe('redis://:secret@127.0.0.1:7000');
  });
});

describe('redis.conf', () => {
  const address = { url: 'unix:///d/redis.sock', lines: ['port 0'] };
  const conf = (persistent: boolean, settings = {}) =>
    redisConf('/a "quoted" \\ folder', address, { persistent, settings }).split('\n');

  it('writes every accepted command to disk, unless told otherwise', () => {
    expect(conf(true)).toEqual(expect.arrayContaining(['appendonly yes', 'appendfsync always']));
    expect(conf(false)).toContain('appendonly no');
  });

  it('quotes paths, and has further settings last, so that they win', () => {
    const lines = conf(true, { appendfsync: 'everysec' });
    expect(lines[0]).toBe('dir "/a \\"quoted\\" \\\\ folder"');
    expect(lines.indexOf('appendfsync "everysec"')).toBeGreaterThan(lines.indexOf('appendfsync always'));
  });
});

it('a free port can be listened on, and no outgoing connection takes it before', async () => {
  const port = await freePort();
  // Where Linux begins to give ports to them.
  expect(port).toBeLessThan(32_768);
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
  await expect(freePort('203.0.113.1')).rejects.toThrow('EADDRNOTAVAIL');
});
