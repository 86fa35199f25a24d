import { describe, expect, it } from 'vitest';
import { cancelOrExpire, withdrawAll } from '../../../src/lifecycle/scripts/cancel.ts';
import { formatRef, type Ref } from '../../../src/redis/job-id.ts';
import { redisTime } from '../../../src/redis/server-time.ts';
import type { WaitingStatus } from '../../../src/schemas/values/names.ts';
import { untilAfter, useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { putQueued } from '../../helpers/redis/places.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('ends a waiting job with a result', async () => {
  const ref = await queue.submit({ m: { own: 'label' } });
  expect(await cancelOrExpire(redis.client, queue.keys, ref, 'cancelled', 60_000)).toBe('withdrawn');
  expect(await cancelOrExpire(redis.client, queue.keys, ref, 'cancelled', 60_000)).toBe('finished');
  const record = JSON.parse((await redis.client.get(queue.keys.result(formatRef(ref)))) ?? '');
  expect(record).toMatchObject({ w: '', a: 0, s: 'cancelled', t: 'echo', o: { m: { own: 'label' } } });
});

it('keeps the errors of a job that has failed before', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  await queue.retry(ref, 60_000);
  expect(await cancelOrExpire(redis.client, queue.keys, ref, 'cancelled', 60_000)).toBe('withdrawn');
  const record = JSON.parse((await redis.client.get(queue.keys.result(formatRef(ref)))) ?? '');
  expect(record).toMatchObject({ a: 1, e: [{ message: 'no', attempt: 1 }] });
});

it('asks the worker of a running job, but does not expire it', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  expect(await cancelOrExpire(redis.client, queue.keys, ref, 'expired', 60_000)).toBe('asked');
  expect(await redis.client.xlen(queue.keys.control)).toBe(0);
  expect(await cancelOrExpire(redis.client, queue.keys, ref, 'cancelled', 60_000)).toBe('asked');
  expect(await redis.client.xlen(queue.keys.control)).toBe(1);
  // A retry comes at once, and tells the next taker of the cancel.
  await queue.retry(ref, 60_000);
  expect((await queue.takeAs(queue.one))[0]?.cancelAsked).toBe(true);
});

it('keeps the payload as it came where the job asks for it, however the job ends', async () => {
  for (const status of ['cancelled', 'expired'] as const) {
    const kept = await queue.submit({ k: true });
    const other = await queue.submit();
    for (const ref of [kept, other]) await cancelOrExpire(redis.client, queue.keys, ref, status, 60_000);
    const recordOf = async (ref: typeof kept) =>
      JSON.parse((await redis.client.get(queue.keys.result(formatRef(ref)))) ?? '');
    expect(await recordOf(kept)).toMatchObject({ s: status, p: expect.anything() });
    expect(await recordOf(other)).not.toHaveProperty('p');
  }
});

describe('a cancel of many', () => {
  const cancel = (refs: readonly Ref[], status: WaitingStatus, task?: string) =>
    withdrawAll(redis.client, queue.keys, refs, {
      status: 'cancelled',
      resultTtlMs: 60_000,
      only: { status, ...(task && { task }) },
    });

  it('ends only jobs that wait as it says, and touches no other', async () => {
    const running = await queue.submit();
    const retrying = await queue.submit();
    await queue.takeAs(queue.one);
    await queue.retry(retrying, 60_000);
    const queued = await queue.submit();
    const soon = (await redisTime(redis.client)) + 5;
    const due = await queue.submit({ at: soon }, 'parked');
    const scheduled = await queue.submit({ at: soon + 60_000, x: 120_000 }, 'parked');
    await untilAfter(redis, soon);
    const all = [running, retrying, queued, due, scheduled];
    const other = 'other';
    expect(await cancel(all, 'retrying', 'missing')).toEqual([other, other, other, other, other]);
    expect(await redis.client.zcard(queue.keys.expiring)).toBe(1);
    expect(await cancel(all, 'queued')).toEqual([other, other, 'withdrawn', 'withdrawn', other]);
    expect(await cancel(all, 'scheduled', 'echo')).toEqual([
      other,
      other,
      'finished',
      'finished',
      'withdrawn',
    ]);
    expect(await cancel(all, 'retrying')).toEqual([other, 'withdrawn', 'finished', 'finished', 'finished']);
    expect([await queue.placeOf(running), await redis.client.xlen(queue.keys.control)]).toEqual([
      'running',
      0,
    ]);
    expect(await redis.client.hkeys(queue.keys.notes)).toEqual([]);
    expect(await redis.client.exists(queue.keys.expiring)).toBe(0);
  });

  it('writes one event for the jobs of a step, and counts each', async () => {
    const refs: Ref[] = [];
    for (let i = 0; i < 60; i += 1) refs.push(await queue.submit());
    expect(await cancel(refs, 'queued')).toEqual(refs.map(() => 'withdrawn'));
    expect(await redis.client.hget(queue.keys.totals, 'cancelled')).toBe('60');
    const events = await redis.client.xrange(queue.keys.events, '-', '+');
    expect(events.map(([, [, kind, , jobs]]) => [kind, jobs?.split(' ').length])).toEqual([
      ['cancelled', 50],
      ['cancelled', 10],
    ]);
  });

  it('reads a bounded number of bytes in one call', async () => {
    const payload = 'x'.repeat(200_000);
    const refs = await putQueued(redis.client, queue.keys, Array(5).fill(payload), { options: { k: true } });
    await redis.client.config('RESETSTAT');
    expect(await cancel(refs, 'queued')).toEqual(refs.map(() => 'withdrawn'));
    expect(await redis.client.info('commandstats')).toMatch(/cmdstat_evalsha:calls=3,/);
    for (const ref of refs)
      expect(await redis.client.strlen(queue.keys.result(formatRef(ref)))).toBeGreaterThan(200_000);
  });
});
