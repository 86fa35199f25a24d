import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { connectForRequests, connectForWork } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { scripts } from '../../../src/scripts.ts';
import { until, untilConnected } from '../../helpers/redis/server.ts';
import { isCommand } from './commands.ts';
import { argumentsOf, FrameCutter } from './frames.ts';
import { RedisProxy } from './proxy.ts';
import { RedisProcess } from './redis-process.ts';

let dir: string;
let redis: RedisProcess;
let proxy: RedisProxy;
let direct: Connection;
let client: Connection;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-proxy-'));
  redis = await RedisProcess.start({ dir, port: await freePort(), persistent: false });
  direct = connectForWork({ url: redis.url, name: 'direct', scripts });
  await untilConnected(direct);
});
afterAll(async () => {
  direct.disconnect();
  await redis.stop();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  proxy = await RedisProxy.listen(redis.url);
  client = connectForRequests({ url: proxy.url, name: 'through', scripts });
  await untilConnected(client);
});
afterEach(async () => {
  client.disconnect();
  await proxy.close();
});

describe('the proxy', () => {
  it('passes on commands and replies of any size', async () => {
    const text = 'x'.repeat(3_000_000);
    await client.set('large', text);
    expect(await client.get('large')).toBe(text);
  });

  it('loses just the reply it was told to, of a command that Redis has executed', async () => {
    proxy.dropReplies(1, isCommand('incr'));
    const outcomes = await Promise.allSettled([
      client.set('before', '1'),
      client.incr('count'),
      client.set('after', '1'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(proxy.dropped).toBe(1);
    expect(await direct.mget('before', 'count', 'after')).toEqual(['1', '1', '1']);
    await untilConnected(client);
    expect(await client.incr('count')).toBe(2);
  });

  it('lets nothing through in a black hole, and brings it all when healed', async () => {
    proxy.blackHole();
    const late = connectForWork({ url: proxy.url, name: 'late', scripts });
    await expect(client.set('held', '1')).rejects.toThrow();
    expect(await direct.get('held')).toBeNull();
    expect(late.status).not.toBe('ready');
    proxy.heal();
    await until(async () => (await direct.get('held')) === '1', 'what was held back');
    late.disconnect();
  });

  it('delays, and keeps the order', async () => {
    proxy.delay(40);
    const began = performance.now();
    const slow = client.rpush('list', 'a');
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([slow, client.rpush('list', 'b')]);
    // There and back.
    expect(performance.now() - began).toBeGreaterThan(75);
    expect(await direct.lrange('list', 0, -1)).toEqual(['a', 'b']);
  });

  it('cuts every connection; clients come back', async () => {
    const ended = new Promise((resolve) => client.once('close', resolve));
    proxy.cut();
    await ended;
    await untilConnected(client);
    expect(await client.ping()).toBe('PONG');
  });
});

describe('values of the protocol', () => {
  const values = [
    '+OK\r\n',
    '-ERR no\r\n',
    '$5\r\na\r\nbc\r\n',
    '$-1\r\n',
    '_\r\n',
    '*2\r\n:1\r\n*1\r\n$0\r\n\r\n',
    '%1\r\n+key\r\n~1\r\n#t\r\n',
    '|1\r\n+ttl\r\n:5\r\n+value\r\n',
    '>2\r\n+push\r\n,1.5\r\n',
    '*-1\r\n',
  ];

  it.each([1, 3, 7, 1_000])('are cut apart when they come in pieces of %i bytes', (size) => {
    const bytes = Buffer.from(values.join(''));
    const cutter = new FrameCutter();
    const found: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      found.push(...cutter.push(bytes.subarray(at, at + size)).map(String));
    }
    expect(found).toEqual(values);
  });

  it('give the arguments of a request', () => {
    expect(argumentsOf(Buffer.from('*3\r\n$3\r\nSET\r\n$2\r\n\r\n\r\n$2\r\né\r\n'))).toEqual([
      'SET',
      '\r\n',
      'é',
    ]);
  });
});
