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

it('renews many leases with one command besides the clock', async () => {
  await redis.client.config('RESETSTAT');
  expect((await extendLease(redis.client, queue.keys, 'renew', ['one', 'two'], 61_000)).lost).toEqual([]);
  const stats = await redis.client.info('commandstats');
  const names = [...stats.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)].map(
    ([, name, count]) => `${name} ${count}`,
  );
  const own = ['config|resetstat 1', 'evalsha 1', 'eval 1', 'info 1'];
  expect(names.filter((name) => !own.includes(name)).sort()).toEqual(['time 1', 'zadd 1']);
});
