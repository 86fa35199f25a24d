import { describe, expect, it } from 'vitest';
import { GROUP } from '../../src/redis/keys.ts';
import { useQueueOfTwo } from '../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

describe('a consumer', () => {
  it('lists its pending deliveries in all places, page by page', async () => {
    const { keys, one, two } = queue;
    for (let i = 0; i < 5; i += 1) await queue.submit({}, i % 2 === 0 ? 'low' : 'normal');
    await queue.takeAs(two, 1);
    await queue.takeAs(one, 4);
    const added = await Promise.all(Array.from({ length: 1_000 }, () => queue.submit()));
    await queue.takeAs(one, 1_000);
    const pending = await one.pendingDeliveries(keys);
    expect(pending).toHaveLength(1_004);
    expect(pending).toEqual(expect.arrayContaining([{ ref: added[999], token: 1 }]));
    expect(await two.pendingDeliveries(keys)).toHaveLength(1);
  });

  it('recreates a missing group and repeats the call', async () => {
    const { keys, one } = queue;
    await redis.client.xgroup('DESTROY', keys.stream.normal, GROUP);
    expect(await one.pendingDeliveries(keys)).toEqual([]);
    expect(one.recreatedGroups).toBe(1);
    expect(await one.pendingDeliveries(keys)).toEqual([]);
    expect(one.recreatedGroups).toBe(1);
  });

  it('knows whether its lease exists', async () => {
    const { keys, one } = queue;
    expect(await one.hasLease(keys)).toBe(true);
    await redis.client.zrem(keys.leases, one.name);
    expect(await one.hasLease(keys)).toBe(false);
  });
});
