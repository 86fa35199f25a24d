import { expect, it } from 'vitest';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('names the leases that had ended, and registers them again', async () => {
  const { now, lost } = await extendLease(redis.client, queue.keys, 'renew', ['one', 'three'], 60_000);
  expect(lost).toEqual(['three']);
  expect(Number(await redis.client.zscore(queue.keys.leases, 'three'))).toBe(now + 60_000);
});

it('finds nothing lost in a new lease', async () => {
  expect((await extendLease(redis.client, queue.keys, 'new', ['four'], 60_000)).lost).toEqual([]);
});
