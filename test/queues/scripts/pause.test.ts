import { expect, it } from 'vitest';
import { setPaused } from '../../../src/queues/scripts/pause.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('pauses and resumes a queue, and wakes each lease and one poll', async () => {
  const { settings, wake, events } = queue.keys;
  await setPaused(redis.client, queue.keys, true);
  expect(await redis.client.hexists(settings, 'paused')).toBe(1);
  expect(await redis.client.xlen(wake)).toBe(3);
  await setPaused(redis.client, queue.keys, false);
  expect(await redis.client.exists(settings)).toBe(0);
  const kinds = (await redis.client.xrange(events, '-', '+')).map(([, fields]) => fields[1]);
  expect(kinds).toEqual(['paused', 'resumed']);
});
