import { expect, it } from 'vitest';
import { awaitWork } from '../../src/lifecycle/await-work.ts';
import { BlockingReader } from '../../src/redis/reads/blocking-reader.ts';
import { useQueueOfTwo } from '../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);
const reader = () => new BlockingReader(redis.client, redis.client);

it('reads a job from a lane, or only a wake token while no job of the queue may start', async () => {
  const { keys } = queue;
  const await1 = (hearsOnlyWake: boolean) => awaitWork(reader(), 'one', [{ keys, hearsOnlyWake }], 1);
  expect(await await1(false)).toEqual([]);
  const { entryId } = await queue.submit({}, 'low');
  const token = await redis.client.xadd(keys.wake, '*', 'w', '1');
  expect(await await1(true)).toEqual([{ kind: 'token', keys, token }]);
  expect(await await1(true)).toEqual([]);
  expect(await await1(false)).toMatchObject([{ kind: 'job', keys, place: 'low', entryId }]);
});
