import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { QueueLimits } from '../../src/core/queue-limits.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

it('knows whether a queue has maxJobs, and reads a change at once on refresh', async () => {
  const keys = queueKeys('mr', 'limited');
  const limits = new QueueLimits(redis.client, systemClock);
  expect(await limits.isLimited(keys)).toBe(false);
  await redis.client.hset(keys.settings, 'maxJobs', 5);
  expect(limits.isLimited(keys)).toBe(false);
  expect(await limits.refresh(keys)).toBe(true);
  expect(limits.isLimited(keys)).toBe(true);
});
