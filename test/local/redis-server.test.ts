import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RedisOptions, type RedisServer, startRedis } from '../../src/local/redis-server.ts';
import { freePort } from '../../src/local/redis-settings.ts';
import { callRedis } from '../../src/local/resp.ts';

let dir: string;
let started: RedisServer[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-redis-'));
  started = [];
});

afterEach(async () => {
  await Promise.all(started.map((redis) => redis.stop()));
  await rm(dir, { recursive: true, force: true });
});

const keep = (redis: RedisServer): RedisServer => {
  started.push(redis);
  return redis;
};
const start = async (options: RedisOptions = {}) => keep(await startRedis({ dir, ...options }));
const setting = async (redis: RedisServer, name: string) => {
  const reply = await callRedis(redis.url, ['CONFIG', 'GET', name]);
  return Array.isArray(reply) ? reply[1] : reply;
};

describe('startRedis', () => {
  it('runs with every write on disk, no eviction, no snapshots and no port', async () => {
    const redis = await start();
    expect(redis.url).toBe(`unix://${dir}/redis.sock`);
    expect(await setting(redis, 'appendonly')).toBe('yes');
    expect(await setting(redis, 'appendfsync')).toBe('always');
    expect(await setting(redis, 'maxmemory-policy')).toBe('noeviction');
    expect(await setting(redis, 'save')).toBe('');
    expect(await setting(redis, 'port')).toBe('0');
    expect(await setting(redis, 'dir')).toBe(dir);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
  });

  it('lets the caller override settings and do without persistence', async () => {
    const redis = await start({ persistent: false, settings: { maxmemory: '64mb' } });
    expect(await setting(redis, 'appendonly')).toBe('no');
    expect(await setting(redis, 'maxmemory')).toBe(String(64 * 1024 * 1024));
  });

  it('listens on a loopback port behind a password when asked to', async () => {
    const port = await freePort();
    const redis = await start({ port });
    expect(new URL(redis.url).port).toBe(String(port));
    expect(await callRedis(redis.url, ['PING'])).toBe('PONG');
    await expect(callRedis(`redis://127.0.0.1:${port}`, ['PING'])).rejects.toThrow('NOAUTH');
    await expect(callRedis(`redis://:wrong@127.0.0.1:${port}`, ['PING'])).rejects.toThrow('WRONGPASS');
  });

  it('uses a port where the path is too long for a socket, even with odd characters', async () => {
    const redis = await start({ dir: join(dir, `a "quoted" \\ näme ${'x'.repeat(90)}`) });
    expect(new URL(redis.url).protocol).toBe('redis:');
    expect(await callRedis(redis.url, ['SET', 'k', 'v'])).toBe('OK');
  });

  it('reaches a socket whose path has spaces', async () => {
    const redis = await start({ dir: join(dir, 'with space') });
    expect(redis.url).toContain('with%20space');
    expect(await callRedis(redis.url, ['PING'])).toBe('PONG');
  });
});

describe('a Redis that was killed', () => {
  it.each([
    ['on a socket', async () => ({})],
    ['on a port', async () => ({ port: await freePort() })],
  ])('has all accepted writes when it starts again %s', async (_, options) => {
    const first = await start(await options());
    for (let i = 0; i < 100; i += 1) await callRedis(first.url, ['XADD', 'log', '*', 'i', String(i)]);
    await first.kill();
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
    const second = keep(await first.restart());
    expect(second.url).toBe(first.url);
    expect(second.pid).not.toBe(first.pid);
    expect(await callRedis(second.url, ['XLEN', 'log'])).toBe(100);
  });

  it('ends with the process that started it, even when that one is killed', async () => {
    const module = pathToFileURL(join(import.meta.dirname, '../../src/local/redis-server.ts')).href;
    const script = `const { startRedis } = await import(${JSON.stringify(module)});
      const redis = await startRedis({ dir: ${JSON.stringify(dir)} });
      console.log(redis.url);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    const [url] = await once(createInterface({ input: parent.stdout }), 'line');
    expect(await callRedis(url, ['PING'])).toBe('PONG');
    // A blocked command ends, with its connection, at the moment that Redis ends.
    const blocked = callRedis(url, ['BLPOP', 'never', '0'], 20_000);
    parent.kill('SIGKILL');
    await expect(blocked).rejects.toThrow('closed the connection');
    await start({ patienceMs: 10_000 });
  });
});

describe('a Redis that cannot start', () => {
  let other: Server | undefined;
  afterEach(() => {
    other?.close();
    other = undefined;
  });

  it('refuses a data folder that another Redis uses', async () => {
    await start();
    await expect(startRedis({ dir })).rejects.toThrow(
      `The data folder ${dir} is in use by a Redis that still runs. Stop it, or choose another folder.`,
    );
    await expect(startRedis({ dir, port: await freePort() })).rejects.toThrow('is in use');
  });

  it('waits, within its patience, until another Redis has stopped', async () => {
    const first = await start();
    const second = start({ patienceMs: 10_000 });
    await first.stop();
    expect(await callRedis((await second).url, ['PING'])).toBe('PONG');
  });

  it('throws its last output when the port is in use', async () => {
    const server = createServer();
    other = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(startRedis({ dir, port })).rejects.toThrow(
      /ended with exit code 1.*Address already in use/s,
    );
  });

  it('throws its last output when a setting is wrong', async () => {
    await expect(startRedis({ dir, settings: { 'no-such-setting': '1' } })).rejects.toThrow(
      /ended with exit code 1.*no-such-setting/s,
    );
  });

  it('says what to install when there is no server program', async () => {
    await expect(startRedis({ dir, binary: 'no-such-server' })).rejects.toThrow(
      /no-such-server is not on PATH\. Install one .*apt-get install -y redis-server.*REDIS_URL/,
    );
  });
});
