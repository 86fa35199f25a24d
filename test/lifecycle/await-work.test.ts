import { expect, it } from 'vitest';
import { awaitWork } from '../../src/lifecycle/await-work.ts';
import { useQueueOfTwo } from '../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('reads a job from a lane, or only a wake token while the queue is paused', async () => {
  const { keys } = queue;
  const await1 = (paused: boolean) => awaitWork(redis.client, 'one', [{ keys, paused }], 1);
  expect(await await1(false)).toEqual([]);
  const { entryId } = await queue.submit({}, 'low');
  const token = await redis.client.xadd(keys.wake, '*', 'w', '1');
  expect(await await1(true)).toEqual([{ kind: 'token', keys, token }]);
  expect(await await1(true)).toEqual([]);
  expect(await await1(false)).toMatchObject([{ kind: 'job', keys, place: 'low', entryId }]);
});
