import { describe, expect, it } from 'vitest';
import { lookup } from '../../../../src/jobs/scripts/lookup.ts';
import type { Ref } from '../../../../src/redis/job-id.ts';
import { redisTime } from '../../../../src/redis/server-time.ts';
import { untilAfter, useQueueOfTwo } from '../../../helpers/lifecycle/queue-of-two.ts';
import { putQueued } from '../../../helpers/redis/places.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { take } from '../../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const limitTo = (limit: number, perMs: number, burst: number) =>
  redis.client.hset(queue.keys.settings, 'rate', `${limit} ${perMs} ${burst}`);

const submitMany = (count: number) =>
  putQueued(redis.client, queue.keys, Array.from({ length: count }).fill(1));

async function takeMany(count = 1_000) {
  const taken = await take(queue.one, queue.keys, { count });
  if (taken.kind !== 'taken') throw new Error('no lease');
  return taken;
}

describe('the rate of a queue', () => {
  it('lets a burst start at once, and then one after the other', async () => {
    await limitTo(1, 60_000, 3);
    await submitMany(5);
    const first = await takeMany();
    expect(first.deliveries).toHaveLength(3);
    expect(first).toMatchObject({ isLimited: true, isAtLimit: true });
    expect(first.nextDueInMs).toBeGreaterThan(55_000);
    expect(first.nextDueInMs).toBeLessThanOrEqual(60_002);
    expect((await takeMany()).deliveries).toEqual([]);
  });

  it('allows as many starts as its time has brought, whoever takes', async () => {
    await limitTo(100, 1_000, 10);
    await submitMany(5_000);
    const from = await redisTime(redis.client);
    let started = (await takeMany()).deliveries.length;
    expect(started).toBe(10);
    for (let i = 1; i <= 20; i += 1) {
      await untilAfter(redis, from + i * 37);
      started += (await takeMany(1 + (i % 7) * 3)).deliveries.length;
    }
    const elapsedMs = (await redisTime(redis.client)) - from;
    expect(started).toBeLessThanOrEqual(10 + elapsedMs / 10);
    started += (await takeMany()).deliveries.length;
    await untilAfter(redis, from + elapsedMs + 200);
    // Unused time counts up to the burst.
    expect((await takeMany()).deliveries).toHaveLength(10);
  });

  it('is kept for no longer than it matters', async () => {
    await limitTo(10, 1_000, 5);
    await submitMany(5);
    await takeMany();
    const ttl = await redis.client.pttl(queue.keys.rateUse);
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(502);
  });

  it('acts at once when it is raised', async () => {
    await limitTo(1, 3_600_000, 1);
    await submitMany(5);
    expect((await takeMany()).deliveries).toHaveLength(1);
    await limitTo(1_000, 1_000, 1);
    const taken = await takeMany();
    expect(taken.nextDueInMs ?? 0).toBeLessThanOrEqual(2);
    await untilAfter(redis, taken.now + 3);
    expect((await takeMany()).deliveries).toHaveLength(1);
  });

  it('gives a start back when a job is released or held before its handler began', async () => {
    await limitTo(1, 60_000, 2);
    await submitMany(6);
    const [one, other] = (await takeMany()).deliveries;
    if (one === undefined || other === undefined) throw new Error('two jobs');
    expect((await takeMany()).deliveries).toEqual([]);
    await queue.one.release(queue.keys, [{ ref: one, token: one.token, begun: false }], 60_000);
    const [third] = (await takeMany()).deliveries;
    if (third === undefined) throw new Error('no start was given back');
    expect((await takeMany()).deliveries).toEqual([]);
    await queue.one.release(queue.keys, [{ ref: third, token: third.token, begun: true }], 60_000);
    expect((await takeMany()).deliveries).toEqual([]);
    const job = { priority: 'normal', readyAt: other.readyAt, reason: 'task:echo', refusers: [] } as const;
    await queue.one.hold(queue.keys, [{ ...job, ref: other, token: other.token, expiresAt: undefined }]);
    expect((await takeMany()).deliveries).toHaveLength(1);
  });

  it('is why a queued job waits', async () => {
    await limitTo(1, 60_000, 1);
    const ref: Ref = await queue.submit();
    await queue.submit();
    const heldBy = async () => {
      const found = await lookup(redis.client, queue.keys, ref);
      return found.place === 'queued' ? found.heldBy : found.place;
    };
    expect(await heldBy()).toBeUndefined();
    await takeMany(1);
    expect(await heldBy()).toBe('running');
    const last = await queue.submit();
    expect(await lookup(redis.client, queue.keys, last)).toMatchObject({ place: 'queued', heldBy: 'rate' });
  });

  it('is no limit where its text is of another release', async () => {
    await redis.client.hset(queue.keys.settings, 'rate', 'often');
    await submitMany(5);
    expect((await takeMany()).deliveries).toHaveLength(5);
  });
});
