import { expect, it } from 'vitest';
import { redisTime } from '../../src/redis/server-time.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

it('the server time is in whole Unix ms, between two ids of a stream', async () => {
  const idTime = async () => Number.parseInt((await redis.client.xadd('stream', '*', 'a', '1')) ?? '', 10);
  const before = await idTime();
  const now = await redisTime(redis.client);
  expect(Number.isInteger(now)).toBe(true);
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(await idTime());
});
