import { describe, expect, it } from 'vitest';
import { recheckKeys } from '../../../../src/lifecycle/scripts/keys/sweep-keys.ts';
import { redisTime } from '../../../../src/redis/server-time.ts';
import { keysOf, sorted, useKeyedQueue } from '../../../helpers/lifecycle/keyed-queue.ts';
import { untilAfter } from '../../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../../helpers/redis/server.ts';

const redis = useRedis();
const { complete, queue, setLimits, submitFor, takeAs, takeKeys } = useKeyedQueue(redis);

describe('the rate of a key', () => {
  it('bounds the starts of each key, and says when the next one may start', async () => {
    await setLimits({ keyRate: '1 60000 2' });
    await submitFor('aaaabbb');
    const first = await takeAs(queue.one);
    expect(sorted(keysOf(first.deliveries))).toBe('aabb');
    await complete(queue.one, first.deliveries);
    const second = await takeAs(queue.one);
    expect(second.deliveries).toEqual([]);
    expect(second.nextDueInMs).toBeGreaterThan(50_000);
    expect(second.nextDueInMs).toBeLessThanOrEqual(60_000);
    expect(second.isAtLimit).toBe(false);
  });

  it('lets the next one start in its time', async () => {
    await setLimits({ keyRate: '10 1000 1' });
    await submitFor('aab');
    expect(sorted(await takeKeys())).toBe('ab');
    const { now, nextDueInMs = 0 } = await takeAs(queue.one);
    expect(nextDueInMs).toBeLessThanOrEqual(101);
    await untilAfter(redis, now + nextDueInMs + 1);
    expect(await takeKeys()).toBe('a');
  });

  it('gives a start back when a job is released or held before its handler began', async () => {
    await setLimits({ keyRate: '1 60000 2' });
    await submitFor('aaaaaa');
    const [one, other] = (await takeAs(queue.one)).deliveries;
    if (one === undefined || other === undefined) throw new Error('two jobs');
    expect(await takeKeys()).toBe('');
    await queue.one.release(queue.keys, [{ ref: one, token: one.token, begun: false }], 60_000);
    const [third] = (await takeAs(queue.one)).deliveries;
    if (third === undefined) throw new Error('no start was given back');
    expect(await takeKeys()).toBe('');
    await queue.one.release(queue.keys, [{ ref: third, token: third.token, begun: true }], 60_000);
    expect(await takeKeys()).toBe('');
    const job = { priority: 'normal', readyAt: other.readyAt, reason: 'task:echo', refusers: [] } as const;
    await queue.one.hold(queue.keys, [{ ...job, ref: other, token: other.token, expiresAt: undefined }]);
    expect(await takeKeys()).toBe('a');
  });

  it('acts at once when it is changed', async () => {
    await setLimits({ keyRate: '1 3600000 1' });
    await submitFor('aa');
    expect(await takeKeys()).toBe('a');
    expect(await takeKeys()).toBe('');
    await setLimits({ keyRate: '1000 1000 1' });
    await recheckKeys(redis.client, queue.keys);
    const next = await takeAs(queue.one);
    expect(next.nextDueInMs).toBeLessThanOrEqual(2);
    await untilAfter(redis, next.now + 3);
    expect(await takeKeys()).toBe('a');
  });

  it('keeps nothing of keys whose rate is not used any more', async () => {
    await setLimits({ keyRate: '1000 1000 1' });
    await submitFor('abcdef');
    await takeKeys();
    await untilAfter(redis, (await redisTime(redis.client)) + 2);
    await submitFor('g');
    await takeKeys();
    expect(await redis.client.zcard(queue.keys.keyRates)).toBeLessThanOrEqual(1);
  });
});
