import { expect, it } from 'vitest';
import { removeQueue } from '../../../src/queues/scripts/remove-queue.ts';
import { fixedKeys } from '../../../src/redis/keys.ts';
import { redisTime } from '../../../src/redis/server-time.ts';
import { untilAfter, useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const remove = (subscribed: readonly string[] = [], histograms: readonly string[] = []) =>
  removeQueue(redis.client, queue.keys, histograms, subscribed);
const keysLeft = () => redis.client.keys(`mr:{${queue.keys.queue}}:*`);

it('refuses while there is an entry or a schedule', async () => {
  await queue.submit({ at: Date.now() + 60_000 }, 'parked');
  const before = (await keysLeft()).sort();
  expect(await remove()).toBe('not-empty');
  await redis.client.xtrim(queue.keys.stream.parked, 'MAXLEN', 0);
  await redis.client.hset(queue.keys.scheduleStates, 'nightly', '{}');
  expect(await remove()).toBe('not-empty');
  expect((await keysLeft()).sort()).toEqual([...before, queue.keys.scheduleStates].sort());
});

it('refuses in the millisecond of an entry, whose id a new stream could give again', async () => {
  const later = (await redisTime(redis.client)) + 300;
  const id = await redis.client.xadd(queue.keys.stream.low, `${later}-0`, 'f', 'v');
  await redis.client.xdel(queue.keys.stream.low, id ?? '');
  expect(await remove()).toBe('too-soon');
  await untilAfter(redis, later);
  expect(await remove()).toBe('removed');
});

it('deletes the keys of the subscriptions that there are, and of no others', async () => {
  await redis.client.hset(queue.keys.subscriptions, 'a', '{}');
  await redis.client.hset(queue.keys.subscription('a'), 'lost', 1);
  await redis.client.hset(queue.keys.latency(7), 'run:1', 1);
  expect(await remove([])).toBe('changed');
  expect(await remove(['b'])).toBe('changed');
  expect(await remove(['a'], [queue.keys.latency(7)])).toBe('removed');
  expect(await keysLeft()).toEqual([queue.keys.leases]);
});

it('keeps what workers have registered while one of them lives', async () => {
  await redis.client.hset(queue.keys.tasks, 'echo', '{}');
  expect(await remove()).toBe('removed');
  expect((await keysLeft()).sort()).toEqual([queue.keys.leases, queue.keys.tasks]);
  await redis.client.zadd(queue.keys.leases, 1, 'one', 1, 'two');
  expect(await remove()).toBe('removed');
  expect(await keysLeft()).toEqual([]);
});

it('deletes every key of the queue, whatever a later release adds; one stays while there may be results', async () => {
  await redis.client.zadd(queue.keys.leases, 1, 'one', 1, 'two');
  const keys = fixedKeys(queue.keys);
  expect(keys.length).toBeGreaterThan(30);
  const { scheduleStates, subscriptions, events, control } = queue.keys;
  for (const key of [events, control]) await redis.client.xadd(key, '1-0', 'f', 'v');
  for (const key of keys) {
    // The script looks into these two: empty ones are not there.
    if (key !== scheduleStates && key !== subscriptions) await redis.client.set(key, 'any', 'NX');
  }
  expect(await remove()).toBe('removed');
  expect(await keysLeft()).toEqual([queue.keys.changed]);
  expect(await redis.client.pttl(queue.keys.changed)).toBeGreaterThan(3_600_000);
});
