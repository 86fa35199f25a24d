import { expect, it } from 'vitest';
import { redisMemory } from '../../src/core/redis-memory.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

it('tells how much memory Redis uses and may use', async () => {
  await redis.client.config('SET', 'maxmemory', '1000000000');
  const { usedBytes, maxBytes } = await redisMemory(redis.client);
  expect(usedBytes).toBeGreaterThan(100_000);
  expect(maxBytes).toBe(1_000_000_000);
});
