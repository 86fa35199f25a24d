import { afterEach, describe, expect, it } from 'vitest';
import { checkHealth } from '../../src/core/health.ts';
import { connectForWork } from '../../src/redis/connect.ts';
import { scripts } from '../../src/scripts.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const set = (name: string, value: string) => redis.client.config('SET', name, value);

afterEach(async () => {
  await set('maxmemory', '0');
  await set('maxmemory-policy', 'noeviction');
  await set('appendonly', 'no');
});

describe('the health check', () => {
  it('is ready when Redis accepts writes and evicts nothing', async () => {
    expect(await checkHealth(createTestCore(redis.client))).toEqual({
      ready: true,
      reasons: [],
      topology: 'single',
      durability: 'off',
      replicas: { wanted: 0, have: 0 },
    });
    expect(await redis.client.dbsize()).toBe(0);
  });

  it('reports how Redis syncs its append-only file', async () => {
    await set('appendonly', 'yes');
    await set('appendfsync', 'always');
    expect(await checkHealth(createTestCore(redis.client))).toMatchObject({ durability: 'always' });
  });

  it('is not ready when Redis may evict jobs', async () => {
    await set('maxmemory-policy', 'allkeys-lru');
    const { ready, reasons } = await checkHealth(createTestCore(redis.client));
    expect([ready, reasons]).toEqual([false, [expect.stringContaining('maxmemory-policy is allkeys-lru')]]);
  });

  it('is not ready when Redis refuses writes', async () => {
    await set('maxmemory', '1');
    const { ready, reasons } = await checkHealth(createTestCore(redis.client));
    expect([ready, reasons]).toEqual([false, [expect.stringMatching(/^Redis refuses writes: OOM/)]]);
  });

  it('is not ready when Redis is away, and does not reject', async () => {
    const away = connectForWork({ url: 'redis://127.0.0.1:1', name: 'test', scripts });
    const health = await checkHealth(createTestCore(away));
    away.disconnect();
    expect(health).toMatchObject({ ready: false, durability: 'unknown' });
    expect(health.reasons[0]).toMatch(/^Redis does not answer: /);
  });
});
