import { describe, expect, it } from 'vitest';
import { RedisOutages } from '../../../workers/embedded/redis-outages.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });

function watch(url = 'redis://:secret@127.0.0.1:1') {
  const begun: string[] = [];
  const at = { ms: 0, isAnswering: false, looks: 0 };
  const outages = new RedisOutages({
    url,
    clock: {
      monotonic: () => {
        at.looks += 1;
        return at.ms;
      },
    },
    isAnswering: async () => at.isAnswering,
    onBegin: ({ message }) => begun.push(message),
  });
  const fail = (error: unknown) => outages.observe({ kind: 'redis-trouble', where: 'test', error });
  return { outages, begun, at, fail };
}

describe('an outage', () => {
  it('is told once, until Redis has served for a while', async () => {
    const { outages, begun, at, fail } = watch();
    for (at.ms = 0; at.ms < 60_000; at.ms += 500) fail(refused);
    expect(begun).toHaveLength(1);
    at.isAnswering = true;
    at.ms += 10_000;
    await expect.poll(() => outages.current).toBeUndefined();
    fail(refused);
    expect(begun).toHaveLength(2);
    outages.stop();
  });

  it.each([
    ['Redis does not answer', { isAnswering: false, quietMs: 60_000 }],
    ['something has just failed', { isAnswering: true, quietMs: 1_000 }],
  ])('lasts while %s', async (_, { isAnswering, quietMs }) => {
    const { outages, begun, at, fail } = watch();
    fail(refused);
    at.isAnswering = isAnswering;
    at.ms += quietMs;
    // The third look begins once the second one has kept it.
    const before = at.looks;
    await expect.poll(() => at.looks).toBeGreaterThan(before + 2);
    fail(refused);
    expect(begun).toHaveLength(1);
    outages.stop();
  });
});

describe('its error', () => {
  const textOf = (error: unknown, url?: string): string => {
    const { outages, begun, fail } = watch(url);
    fail(error);
    outages.stop();
    return begun.join();
  };
  const reply = (text: string) => Object.assign(new Error(text), { name: 'ReplyError' });

  it('names the address without the password, and the setting', () => {
    expect(textOf(refused)).toBe(
      'No Redis answers at redis://127.0.0.1:1 (ECONNREFUSED). Start it, or set redisUrl or REDIS_URL to the Redis of the service. The worker tries again until it succeeds.',
    );
    expect(textOf(refused, 'unix:///tmp/redis.sock')).toContain('No Redis answers at unix:/tmp/redis.sock (');
  });

  it.each([
    [new Error('Reached the max retries per request limit (which is 0).'), '(the connection has ended)'],
    [
      new Error("Stream isn't writeable and enableOfflineQueue options is false"),
      '(the connection has ended)',
    ],
    [new Error('getaddrinfo ENOTFOUND redis'), 'Correct the host name in REDIS_URL'],
    [
      reply('WRONGPASS invalid username-password pair'),
      'The Redis at redis://127.0.0.1:1 refuses (WRONGPASS',
    ],
    [reply('OOM command not allowed'), 'Mend that Redis, or set redisUrl or REDIS_URL to another.'],
  ])('says what to do about %s', (error, text) => {
    expect(textOf(error)).toContain(text);
  });
});
