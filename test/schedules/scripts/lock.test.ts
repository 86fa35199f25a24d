import { expect, it } from 'vitest';
import { lock, unlock } from '../../../src/schedules/scripts/lock.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();

it('gives a lock to one owner at a time, who alone can release it', async () => {
  expect(await lock(redis.client, 'lock', 'one', 60_000)).toBe(true);
  expect(await lock(redis.client, 'lock', 'two', 60_000)).toBe(false);
  await unlock(redis.client, 'lock', 'two');
  expect(await redis.client.get('lock')).toBe('one');
  expect(await redis.client.pttl('lock')).toBeGreaterThan(0);
  await unlock(redis.client, 'lock', 'one');
  expect(await lock(redis.client, 'lock', 'two', 60_000)).toBe(true);
});
