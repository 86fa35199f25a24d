import { describe, expect, it } from 'vitest';
import { expireAll, expireDue } from '../../src/lifecycle/cancel-and-expire.ts';
import { cancelOrExpire } from '../../src/lifecycle/scripts/cancel.ts';
import { recover } from '../../src/lifecycle/scripts/recover.ts';
import { entryTime } from '../../src/redis/job-id.ts';
import { redisTime } from '../../src/redis/server-time.ts';
import { untilAfter, useQueueOfTwo } from '../helpers/lifecycle/queue-of-two.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

describe('an expired job', () => {
  it('ends though no worker takes it, unless it has started', async () => {
    const { keys } = queue;
    const waiting = await queue.submit({ x: 1 });
    const parked = await queue.submit({ x: 1, d: 3_600_000 }, 'parked');
    const later = await queue.submit({ x: 3_600_000 });
    const started = await queue.submit({ x: 1 }, 'high');
    await queue.takeAs(queue.one, 1);
    await untilAfter(redis, entryTime(started.entryId) + 1);
    expect((await recover(redis.client, keys)).hasExpired).toBe(true);
    expect(await expireDue(createTestCore(redis.client), keys)).toBe(false);
    expect([await queue.placeOf(waiting), await queue.placeOf(parked)]).toEqual(['result', 'result']);
    expect([await queue.placeOf(later), await queue.placeOf(started)]).toEqual(['queued', 'running']);
    expect(await redis.client.zcard(keys.expiring)).toBe(1);
    expect(await redis.client.hget(keys.totals, 'expired')).toBe('2');
    await queue.retry(started, 3_600_000);
    expect(await cancelOrExpire(redis.client, keys, started, 'expired', 60_000)).toBe('asked');
    expect(await queue.placeOf(started)).toBe('retrying');
  });

  it('ends in passes of 200; one call makes as many passes as are needed', async () => {
    const { keys } = queue;
    await Promise.all(Array.from({ length: 401 }, () => queue.submit({ x: 1 })));
    await untilAfter(redis, (await redisTime(redis.client)) + 1);
    const core = createTestCore(redis.client);
    expect(await expireDue(core, keys)).toBe(true);
    expect(await redis.client.zcard(keys.expiring)).toBe(201);
    await expireAll(core, keys);
    expect(await redis.client.zcard(keys.expiring)).toBe(0);
  });
});
