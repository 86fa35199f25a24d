import { expect, it } from 'vitest';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { putQueued } from '../../helpers/redis/places.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { take } from '../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('needs a lease', async () => {
  await redis.client.zrem(queue.keys.leases, 'one');
  expect(await take(queue.one, queue.keys, { count: 1 })).toEqual({ kind: 'no-lease' });
});

it('takes jobs by priority, of each the due ones before its lane, and never more than asked for', async () => {
  for (const place of ['low', 'critical', 'normal'] as const) await queue.submit({}, place);
  await queue.submit({ at: 1 }, 'parked');
  await queue.submit({ at: 1, pr: 'low' }, 'parked');
  expect((await queue.takeAs(queue.one, 2)).map(({ place }) => place)).toEqual(['critical', 'parked']);
  expect((await queue.takeAs(queue.one, 5)).map(({ place }) => place)).toEqual(['normal', 'parked', 'low']);
});

it('takes the share of a favoured lane first', async () => {
  for (const place of ['critical', 'low', 'low', 'low'] as const) await queue.submit({}, place);
  const taken = await take(queue.one, queue.keys, { count: 4, favouredLane: 4, share: 2 });
  const places = taken.kind === 'taken' ? taken.deliveries.map(({ place }) => place) : [];
  expect(places).toEqual(['low', 'low', 'critical', 'low']);
});

it('says when the next job is due', async () => {
  await queue.submit({ d: 40_000 }, 'parked');
  const taken = await take(queue.one, queue.keys, { count: 1 });
  const next = taken.kind === 'taken' ? taken.nextDueInMs : undefined;
  expect(next).toBeGreaterThan(30_000);
  expect(next).toBeLessThanOrEqual(40_000);
});

it('drops the traces of a due job whose entry is gone', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  await queue.retry(ref, 0);
  await redis.client.xdel(queue.keys.stream.normal, ref.entryId);
  expect(await queue.takeAs(queue.one)).toEqual([]);
  expect(await redis.client.zcard(queue.keys.due.normal)).toBe(0);
  expect(await redis.client.exists(queue.keys.notes)).toBe(0);
});

it('passes on the fields of an entry that is not as we write entries', async () => {
  await redis.client.xadd(queue.keys.stream.high, '*', 'odd', 'entry');
  expect(await queue.takeAs(queue.one)).toMatchObject([{ place: 'high', fields: ['odd', 'entry'] }]);
});

it('takes nothing from a paused queue', async () => {
  await queue.submit();
  await redis.client.hset(queue.keys.settings, 'paused', 1);
  expect(await take(queue.one, queue.keys, { count: 1 })).toMatchObject({ deliveries: [], paused: true });
});

it('ends a take once its jobs have 1 MiB, and says so', async () => {
  const payloads = Array.from({ length: 30 }).fill('x'.repeat(300_000));
  await putQueued(redis.client, queue.keys, payloads);
  const taken = async (count: number, firstRead?: number) => {
    const reply = await take(queue.one, queue.keys, { count, ...(firstRead && { firstRead }) });
    return reply.kind === 'taken' && [reply.deliveries.length, reply.isCut];
  };
  // How large they are is known only when they have been read.
  expect(await taken(30)).toEqual([16, true]);
  expect(await taken(14, 2)).toEqual([4, true]);
  expect(await taken(3, 2)).toEqual([3, false]);
  expect(await taken(14, 2)).toEqual([4, true]);
  expect(await taken(14, 2)).toEqual([3, false]);
});

it('ends a take of due jobs likewise', async () => {
  const refs = await putQueued(redis.client, queue.keys, Array.from({ length: 9 }).fill('x'.repeat(300_000)));
  await queue.takeAs(queue.one, 9);
  for (const ref of refs) await queue.retry(ref, 0);
  const reply = await take(queue.one, queue.keys, { count: 9 });
  expect(reply).toMatchObject({ isCut: true });
  expect(reply.kind === 'taken' && reply.deliveries).toHaveLength(4);
});
