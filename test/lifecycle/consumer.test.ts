import { describe, expect, it } from 'vitest';
import { fixedKeys, GROUP } from '../../src/redis/keys.ts';
import { useQueueOfTwo } from '../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { complete, take } from '../helpers/workers/moves.ts';

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

  it('makes nothing of a removed queue that it serves only while it exists', async () => {
    const { keys, one } = queue;
    await redis.client.unlink(...fixedKeys(keys).filter((key) => key !== keys.leases));
    one.dropWith(async (queues) => queues);
    const ref = { place: 'normal', entryId: '1-0' } as const;
    const held = { ref, token: 1, begun: true };
    const failure = { ref, token: 1, error: '' };
    const why = { reason: 'No task.', refusers: [], expiresAt: undefined };
    const unrunnable = { ref, token: 1, priority: 'normal', readyAt: 1, ...why } as const;
    const completion = { ref, token: 1, status: 'completed', ttlMs: 1_000, tail: '"t":1}' } as const;
    expect(await take(one, keys, { count: 1 })).toEqual({ kind: 'no-lease' });
    expect(await complete(one, keys, [completion])).toEqual(['stale']);
    expect(await one.retry(keys, failure, 0)).toBe('stale');
    expect(await one.retryAll(keys, [{ ...failure, delayMs: 0 }])).toEqual(['stale']);
    expect(await one.bury(keys, failure, 1)).toBe('stale');
    expect(await one.buryAll(keys, [failure], 1)).toEqual(['stale']);
    expect(await one.release(keys, [held])).toEqual(['stale']);
    expect(await one.hold(keys, [unrunnable])).toEqual(['stale']);
    expect(await one.recordProgress(keys, held, '1')).toBe(false);
    expect(await one.recordCheckpoint(keys, held, '1')).toBe(false);
    expect(await one.appendLog(keys, held, { attempt: 1, dropped: 0, lines: [{ ageMs: 0, tail: '' }] })).toBe(
      false,
    );
    expect(await one.pendingDeliveries(keys)).toEqual([]);
    expect(await redis.client.exists(...fixedKeys(keys))).toBe(1);
  });
});
