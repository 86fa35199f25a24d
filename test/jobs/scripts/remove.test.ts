import { expect, it } from 'vitest';
import { remove } from '../../../src/jobs/scripts/remove.ts';
import { cancelOrExpire } from '../../../src/lifecycle/scripts/cancel.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('removes a result', async () => {
  const ref = await queue.submit();
  await cancelOrExpire(redis.client, queue.keys, ref, 'cancelled', 60_000);
  expect((await remove(redis.client, queue.keys, ref)).place).toBe('result');
  expect(await queue.placeOf(ref)).toBe('gone');
});

it('removes a dead letter with its notes', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  await queue.bury(ref);
  expect((await remove(redis.client, queue.keys, ref)).place).toBe('failed');
  expect(await queue.placeOf(ref)).toBe('gone');
  expect(await redis.client.exists(queue.keys.notes)).toBe(0);
});

it('leaves a job that has not ended', async () => {
  const ref = await queue.submit();
  expect((await remove(redis.client, queue.keys, ref)).place).toBe('queued');
  expect(await queue.placeOf(ref)).toBe('queued');
});
