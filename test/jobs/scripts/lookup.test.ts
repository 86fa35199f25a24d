import { expect, it } from 'vitest';
import { lookup } from '../../../src/jobs/scripts/lookup.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('finds a job in each place', async () => {
  const ref = await queue.submit();
  const parked = await queue.submit({ d: 60_000 }, 'parked');
  expect([await queue.placeOf(ref), await queue.placeOf(parked)]).toEqual(['queued', 'scheduled']);
  await queue.takeAs(queue.one);
  expect(await lookup(redis.client, queue.keys, ref)).toMatchObject({
    place: 'running',
    worker: 'one',
    attempt: 1,
    fields: ['t', 'echo', 'p', '1', 'o', ''],
  });
  await queue.retry(ref, 0);
  expect(await lookup(redis.client, queue.keys, ref)).toMatchObject({
    place: 'queued',
    notes: { attempts: 1, errors: '{"message":"no","attempt":1}' },
  });
});

it('finds a job queued from its time on, whatever it waited for', async () => {
  const [early, past] = [
    await queue.submit({ d: 60_000 }, 'parked'),
    await queue.submit({ at: 5 }, 'parked'),
  ];
  const [later, again] = [await queue.submit(), await queue.submit()];
  await queue.takeAs(queue.one, 3);
  await queue.retry(later, 60_000);
  await queue.retry(again, 0);
  const places = await Promise.all([early, past, later, again].map((ref) => queue.placeOf(ref)));
  expect(places).toEqual(['scheduled', 'running', 'retrying', 'queued']);
  expect(await lookup(redis.client, queue.keys, past)).toMatchObject({ notes: { hasStarted: false } });
  expect(await lookup(redis.client, queue.keys, again)).toMatchObject({ notes: { hasStarted: true } });
});

it('tells a job that is gone from one that never was', async () => {
  const ref = await queue.submit();
  await redis.client.xdel(queue.keys.stream.normal, ref.entryId);
  expect(await queue.placeOf(ref)).toBe('gone');
  const [ms = ''] = ref.entryId.split('-');
  expect(await queue.placeOf({ place: 'normal', entryId: `${Number(ms) + 60_000}-0` })).toBe('none');
  expect(await queue.placeOf({ place: 'low', entryId: ref.entryId })).toBe('none');
});

it('tells the same start of a running attempt at every read', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  const reads = Array.from({ length: 3_000 }, () => lookup(redis.client, queue.keys, ref));
  const starts = (await Promise.all(reads)).map((found) => 'startedAt' in found && found.startedAt);
  expect(new Set(starts).size).toBe(1);
});
