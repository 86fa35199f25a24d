import { expect, it } from 'vitest';
import { lastDelivered } from '../../src/queues/last-delivered.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { deliver, putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const keys = queueKeys('mr', 'q');

it('is 0-0 without stream or group, then the id of the last delivered entry', async () => {
  const stream = keys.stream.normal;
  expect(await lastDelivered(redis.client, stream)).toBe('0-0');
  const [, second] = await putQueued(redis.client, keys, [1, 2, 3]);
  expect(await lastDelivered(redis.client, stream)).toBe('0-0');
  await deliver(redis.client, keys, 2);
  expect(await lastDelivered(redis.client, stream)).toBe(second?.entryId);
});

it('rejects when Redis gives another error', async () => {
  await redis.client.set('text', 'not a stream');
  await expect(lastDelivered(redis.client, 'text')).rejects.toThrow('WRONGTYPE');
});
