import { beforeEach, describe, expect, it } from 'vitest';
import { queueStats, queueSummary } from '../../src/queues/stats.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { bury, deliver, newQueueKeys, putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
let keys: QueueKeys;
beforeEach(() => {
  keys = newQueueKeys();
});

describe('the figures of a queue', () => {
  it('count each job in its place, and a queued job in its lane', async () => {
    await putQueued(redis.client, keys, [1, 2], { place: 'high' });
    const [, dead] = await putQueued(redis.client, keys, [3, 4, 5]);
    await deliver(redis.client, keys, 2);
    if (dead) await bury(redis.client, keys, dead, Date.now());
    await redis.client.zadd(keys.scheduled, Date.now() + 60_000, 'p1-0');
    const stats = await queueStats(redis.client, keys);
    expect(stats).toMatchObject({
      queue: keys.queue,
      paused: false,
      counts: { queued: 3, scheduled: 1, running: 1, retrying: 0, failed: 1 },
      lanes: { critical: 0, high: 2, normal: 1, low: 0 },
      totals: { submitted: 5 },
    });
    expect(stats.oldestQueuedMs).toBeGreaterThanOrEqual(0);
    expect(stats.memoryBytes).toBeGreaterThan(0);
  });

  it('of an empty queue are zero', async () => {
    expect(await queueStats(redis.client, keys)).toMatchObject({
      counts: { queued: 0, scheduled: 0, running: 0, retrying: 0, failed: 0 },
      oldestQueuedMs: 0,
      workers: [],
      rates: { submittedPerMin: 0, completedPerMin: 0, failedPerMin: 0 },
      memoryBytes: 0,
    });
  });

  it('show the limit only when there is one', async () => {
    expect(await queueSummary(redis.client, keys)).not.toHaveProperty('maxJobs');
    await redis.client.hset(keys.settings, 'maxJobs', 7, 'paused', 1);
    expect(await queueSummary(redis.client, keys)).toMatchObject({
      name: keys.queue,
      maxJobs: 7,
      paused: true,
    });
  });

  it('give rates per minute since a sample', async () => {
    await putQueued(redis.client, keys, [1, 2, 3, 4]);
    const halfAMinuteAgo = `${Date.now() - 30_000}-0`;
    await redis.client.xadd(keys.samples, halfAMinuteAgo, 'a', 0, 'c', 0, 'f', 0);
    const { rates } = await queueStats(redis.client, keys);
    expect(rates.submittedPerMin).toBeGreaterThanOrEqual(6);
    expect(rates.submittedPerMin).toBeLessThanOrEqual(8);
  });
});
