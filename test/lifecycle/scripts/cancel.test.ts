import { expect, it } from 'vitest';
import { cancelOrExpire } from '../../../src/lifecycle/scripts/cancel.ts';
import { formatRef } from '../../../src/redis/job-id.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
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
