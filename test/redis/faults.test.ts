import { describe, expect, it } from 'vitest';
import { isNoGroup, isNoKey, isUnavailable } from '../../src/redis/faults.ts';
import { until, untilConnected, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

describe('a failed transaction', () => {
  it('means that Redis is unavailable when Redis refused a command for lack of memory', async () => {
    await redis.client.config('SET', 'maxmemory', '1');
    const refused = await redis.client
      .multi()
      .set('a', '1')
      .exec()
      .catch((error: unknown) => error);
    await redis.client.config('SET', 'maxmemory', '0');
    expect(String(refused)).toContain('EXECABORT');
    expect(isUnavailable(refused)).toBe(true);
  });

  it('means that Redis is unavailable when the connection breaks', async () => {
    const other = redis.client.duplicate();
    await untilConnected(other);
    const answer = other
      .multi()
      .get('a')
      .exec()
      .catch((error: unknown) => error);
    other.stream.destroy();
    expect(isUnavailable(await answer)).toBe(true);
    other.disconnect();
  });

  it('is a defect when the command does not exist', async () => {
    const refused = await redis.client
      .multi()
      .call('NO-SUCH-COMMAND')
      .exec()
      .catch((error: unknown) => error);
    expect(String(refused)).toContain('EXECABORT');
    expect(isUnavailable(refused)).toBe(false);
  });
});

describe('an error about something missing', () => {
  const errorOf = (command: Promise<unknown>) =>
    command.then(() => undefined).catch((error: unknown) => error);

  it('is recognised for a missing stream', async () => {
    const noGroup = await errorOf(redis.client.xpending('missing', 'workers'));
    const noKey = await errorOf(redis.client.xinfo('GROUPS', 'missing'));
    expect([isNoGroup(noGroup), isNoKey(noGroup)]).toEqual([true, false]);
    expect([isNoGroup(noKey), isNoKey(noKey)]).toEqual([false, true]);
  });

  it('is recognised for a missing consumer group', async () => {
    await redis.client.xadd('stream', '*', 'a', '1');
    expect(isNoGroup(await errorOf(redis.client.xpending('stream', 'workers')))).toBe(true);
  });

  it('is recognised when the stream is deleted under a blocked reader', async () => {
    await redis.client.xgroup('CREATE', 'blocked', 'workers', '0', 'MKSTREAM');
    const reader = redis.client.duplicate();
    await untilConnected(reader);
    const read = errorOf(reader.xreadgroup('GROUP', 'workers', 'w', 'BLOCK', 0, 'STREAMS', 'blocked', '>'));
    await until(
      async () => /blocked_clients:1/.test(await redis.client.info('clients')),
      'the reader is blocked',
    );
    await redis.client.del('blocked');
    expect(isNoGroup(await read)).toBe(true);
    reader.disconnect();
  });

  it('is none of them for any other error', async () => {
    const wrongType = await errorOf(redis.client.call('XPENDING'));
    expect([isNoGroup(wrongType), isNoKey(wrongType), isNoGroup('NOGROUP')]).toEqual([false, false, false]);
  });
});

it('a script that Redis has forgotten, and does not take again, means that Redis is unavailable', async () => {
  const { client } = redis;
  client.defineCommand('write', { numberOfKeys: 1, lua: "#!lua\nreturn redis.call('SET', KEYS[1], '')" });
  const write = Reflect.get(client, 'write').bind(client, 'key') as () => Promise<unknown>;
  await write();
  await client.config('SET', 'min-replicas-to-write', '1');
  await client.script('FLUSH');
  const refused = await Promise.all([write(), write()].map((one) => one.catch((error: unknown) => error)));
  await client.config('SET', 'min-replicas-to-write', '0');
  expect(refused.map(String)).toEqual([
    expect.stringContaining('NOREPLICAS'),
    expect.stringContaining('NOSCRIPT'),
  ]);
  expect(refused.every(isUnavailable)).toBe(true);
});
