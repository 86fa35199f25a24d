import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlockingReader } from '../../src/redis/blocking-reader.ts';
import { connectForBlocking } from '../../src/redis/connect.ts';
import type { Connection } from '../../src/redis/connection.ts';
import { scripts } from '../../src/scripts.ts';
import { until, untilConnected, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
let blocking: Connection;
let reader: BlockingReader;

beforeEach(async () => {
  blocking = connectForBlocking({ url: redis.url, name: 'blocking', scripts });
  await untilConnected(blocking);
  reader = new BlockingReader(blocking, redis.client);
});
afterEach(() => blocking.disconnect());

const popped = () => reader.read((connection) => connection.blpop('list', 0));
const isBlocked = () =>
  until(async () => /blocked_clients:1/.test(await redis.client.info('clients')), 'a read blocks');

const statsOf = async (command: string): Promise<string> =>
  (await redis.client.info('commandstats')).split('\n').find((line) => line.includes(`_${command}:`)) ?? '';

describe('a blocking reader', () => {
  it('returns the reply of its command', async () => {
    await redis.client.rpush('list', 'a');
    expect(await popped()).toEqual(['list', 'a']);
  });

  it('ends a blocked read early and without a reply, when interrupted', async () => {
    const read = popped();
    await isBlocked();
    await reader.interrupt();
    expect(await read).toBeNull();
  });

  it('ends a read that has not reached the server yet', async () => {
    const read = popped();
    await reader.interrupt();
    expect(await read).toBeNull();
  });

  it('returns at once from an interrupt when no read is running', async () => {
    await reader.interrupt();
    await redis.client.rpush('list', 'b');
    await popped();
    await reader.interrupt();
  });

  it('asks once when Redis does not let it end reads, and again on the next connection', async () => {
    await redis.client.config('RESETSTAT');
    await redis.client.call('ACL', 'SETUSER', 'default', '-client|unblock');
    const read = popped();
    await isBlocked();
    for (let i = 0; i < 5; i += 1) await reader.interrupt();
    expect(await statsOf('client|unblock')).toMatch(/rejected_calls=1,/);
    await redis.client.call('ACL', 'SETUSER', 'default', '+client|unblock');
    blocking.stream.destroy();
    await expect(read).rejects.toThrow();
    await untilConnected(blocking);
    const next = popped();
    await isBlocked();
    await reader.interrupt();
    expect(await next).toBeNull();
  });

  it('asks ever more seldom while the read has not begun', async () => {
    let asked = 0;
    const commands = {
      client: async () => {
        asked += 1;
        return 0;
      },
    } as unknown as Connection;
    const late = new BlockingReader(blocking, commands);
    const read = late.read((connection) => connection.blpop('list', 0.5));
    await late.interrupt();
    expect(await read).toBeNull();
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThan(30);
  });

  it('interrupts a read on a new connection too', async () => {
    await redis.client.rpush('list', 'c');
    await popped();
    blocking.stream.destroy();
    await until(() => blocking.status !== 'ready', 'the connection is lost');
    await untilConnected(blocking);
    const read = popped();
    await isBlocked();
    await reader.interrupt();
    expect(await read).toBeNull();
  });
});
