import { expect, it } from 'vitest';
import { compareAndSet } from '../../../src/schedules/scripts/compare-and-set.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();

it('changes a field only from the expected value', async () => {
  const set = (expected: string | undefined, value: string | undefined) =>
    compareAndSet(redis.client, ['hash', 'field'], expected, value);
  expect(await set('one', 'two')).toBe(false);
  expect(await set(undefined, 'one')).toBe(true);
  expect(await set(undefined, 'two')).toBe(false);
  expect(await redis.client.hget('hash', 'field')).toBe('one');
  expect(await set('one', undefined)).toBe(true);
  expect(await redis.client.exists('hash')).toBe(0);
});
