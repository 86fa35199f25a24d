import { expect, it } from 'vitest';
import { submitTogether } from '../../../src/jobs/submit/scripts/submit.ts';
import { configure } from '../../../src/queues/scripts/configure.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('limits the open jobs of a queue until the limit is removed', async () => {
  const { keys } = queue;
  const submit = () =>
    submitTogether(redis.client, [{ keys, place: 'low', task: 'echo', payload: '1', options: {} }]);
  await configure(redis.client, keys, { maxJobs: 1 });
  expect(await submit()).toMatchObject({ kind: 'stored' });
  expect(await submit()).toMatchObject({ kind: 'full', maxJobs: 1 });
  await configure(redis.client, keys, { maxJobs: null });
  expect(await submit()).toMatchObject({ kind: 'stored' });
});

it('tells workers of a limit with another value, in one step, and of nothing else', async () => {
  const { keys } = queue;
  const told = async () => [
    await redis.client.xlen(keys.wake),
    await redis.client.xrange(keys.control, '-', '+'),
  ];
  await configure(redis.client, keys, { maxJobs: 1, submitEvents: true });
  await configure(redis.client, keys, { concurrency: null, perKey: null, fair: false });
  expect(await told()).toEqual([0, []]);
  await configure(redis.client, keys, { maxJobs: 2, concurrency: 3 });
  // Two leases, and one more for those that wait over HTTP.
  expect(await told()).toEqual([3, [[expect.any(String), ['limits', 'changed']]]]);
  await configure(redis.client, keys, { maxJobs: 3, concurrency: 3 });
  expect((await told())[0]).toBe(3);
  await configure(redis.client, keys, { concurrency: null });
  expect((await told())[0]).toBe(6);
});

it('changes what is given, and nothing else', async () => {
  const { keys } = queue;
  const stored = () => redis.client.hgetall(keys.settings);
  await redis.client.hset(keys.settings, 'hold', 20_000);
  await configure(redis.client, keys, { maxJobs: 5, submitEvents: true });
  expect(await stored()).toEqual({ hold: '20000', maxJobs: '5', submitEvents: '1' });
  await configure(redis.client, keys, { submitEvents: false });
  expect(await stored()).toEqual({ hold: '20000', maxJobs: '5' });
  await configure(redis.client, keys, {});
  await configure(redis.client, keys, { maxJobs: null, submitEvents: null });
  expect(await stored()).toEqual({ hold: '20000' });
});
