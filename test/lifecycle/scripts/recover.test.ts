import { expect, it } from 'vitest';
import { recover } from '../../../src/lifecycle/scripts/recover.ts';
import { GROUP } from '../../../src/redis/keys.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const GIVE_UP = { consumer: 'one', lingerMs: 0, how: 'exit code 1' };

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('moves the jobs of an ended lease to due, each loss an attempt, and deletes the consumer', async () => {
  const refs = [await queue.submit(), await queue.submit()];
  await queue.takeAs(queue.one);
  await redis.client.zadd(queue.keys.leases, 1, 'one');
  expect((await recover(redis.client, queue.keys)).recovered).toBe(2);
  for (const ref of refs) expect(await queue.placeOf(ref)).toBe('queued');
  expect(await redis.client.zrange(queue.keys.leases, 0, '-1')).toEqual(['two']);
  const consumers = await redis.client.call('xinfo', 'CONSUMERS', queue.keys.stream.normal, GROUP);
  expect(JSON.stringify(consumers)).not.toContain('"one"');
  expect((await queue.takeAs(queue.two)).map(({ attempt }) => attempt)).toEqual([2, 2]);
});

it('leaves living leases alone', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  expect(await recover(redis.client, queue.keys)).toMatchObject({ recovered: 0, more: false });
  expect(await queue.placeOf(ref)).toBe('running');
});

it('goes in bounded steps, and keeps the consumer until nothing is pending', async () => {
  for (let i = 0; i < 150; i += 1) await queue.submit();
  await queue.takeAs(queue.one, 150);
  expect(await recover(redis.client, queue.keys, GIVE_UP)).toMatchObject({ recovered: 100, more: true });
  expect(await redis.client.zscore(queue.keys.leases, 'one')).not.toBeNull();
  expect(await recover(redis.client, queue.keys, GIVE_UP)).toMatchObject({ recovered: 50, more: false });
  expect(await redis.client.zscore(queue.keys.leases, 'one')).toBeNull();
});

it('says how the process ended, and counts the loss, only of a lease that was given up', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  await recover(redis.client, queue.keys, GIVE_UP);
  const [delivery] = await queue.takeAs(queue.two);
  expect(delivery).toMatchObject({ losses: 1 });
  const errors = await redis.client.hget(queue.keys.notes, `n${ref.entryId}:e`);
  expect(JSON.parse(errors ?? '')).toMatchObject({
    name: 'worker-lost',
    attempt: 1,
    message: expect.stringContaining('exit code 1'),
  });
});

it('tells of each lost attempt, if asked', async () => {
  const refs = [await queue.submit(), await queue.submit({ tp: TRACEPARENT })];
  await queue.takeAs(queue.one);
  const { lostAttempts } = await recover(redis.client, queue.keys, GIVE_UP, { isTold: true });
  expect(lostAttempts.map(({ ref }) => ref)).toEqual(refs);
  expect(lostAttempts[1]).toMatchObject({
    consumer: 'one',
    attempt: 1,
    runMs: expect.any(Number),
    message: 'The worker one was lost while it ran the job: exit code 1',
    entry: { task: 'echo', options: { tp: TRACEPARENT } },
  });
  await queue.takeAs(queue.two);
  const again = await recover(redis.client, queue.keys, { ...GIVE_UP, consumer: 'two' }, { isTold: true });
  expect(again.lostAttempts.map(({ attempt }) => attempt)).toEqual([2, 2]);
});

it('reads about a megabyte in one step', async () => {
  const payload = JSON.stringify('x'.repeat(400_000));
  for (let i = 0; i < 5; i += 1) await queue.submit({}, 'normal', payload);
  await queue.takeAs(queue.one, 5);
  const step = async () => {
    const { recovered, lostAttempts, more } = await recover(redis.client, queue.keys, GIVE_UP, {
      isTold: true,
    });
    return [recovered, lostAttempts.length, more];
  };
  expect([await step(), await step()]).toEqual([
    [3, 3, true],
    [2, 2, false],
  ]);
});

it('wakes one worker where a job is due soon, unless the queue is paused', async () => {
  const woken = async () => {
    const before = await redis.client.xlen(queue.keys.wake);
    await recover(redis.client, queue.keys);
    return (await redis.client.xlen(queue.keys.wake)) - before;
  };
  await queue.submit({ d: 60_000 }, 'parked');
  expect(await woken()).toBe(0);
  for (let i = 0; i < 3; i += 1) await queue.submit({ d: 0 }, 'parked');
  expect(await woken()).toBe(1);
  await redis.client.hset(queue.keys.settings, 'paused', 1);
  expect(await woken()).toBe(0);
});
