import { expect, it } from 'vitest';
import { newQueue } from '../../helpers/leases/http-worker.ts';
import { useLeaseQueues } from '../../helpers/leases/lease-queues.ts';
import { useWorkWatch } from '../../helpers/leases/work-watch.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);
const watching = useWorkWatch(redis);

it('positions are the last ids of the streams, also where the last entry is deleted', async () => {
  const keys = queues.core.keySpace.queue(newQueue());
  const { normal, low } = keys.stream;
  const [first, deleted, token] = await Promise.all(
    [normal, low, keys.wake].map((stream) => redis.client.xadd(stream, '*', 'p', 'x')),
  );
  await redis.client.xdel(low, deleted ?? '');
  expect(Object.fromEntries(await watching.watch.positions(keys))).toEqual({
    [keys.stream.critical]: '0-0',
    [keys.stream.high]: '0-0',
    [normal]: first,
    [low]: deleted,
    [keys.wake]: token,
    [keys.control]: '0-0',
  });
});

it('reports a queue once, when an entry comes after the positions', async () => {
  const { watch } = watching;
  const [one, two] = [newQueue(), newQueue()].map((queue) => queues.core.keySpace.queue(queue));
  if (one === undefined || two === undefined) throw new Error('no keys');
  const reported: string[] = [];
  watch.onWork(({ queue }) => void reported.push(queue));
  for (const keys of [one, two]) watch.watch(keys, await watch.positions(keys));
  await queues.submit(two.queue);
  await queues.submit(two.queue);
  await until(() => reported.length > 0, 'a report');
  expect(watch.isWatched(two)).toBe(false);
  await queues.submit(one.queue);
  await until(() => reported.includes(one.queue), 'a report of the other queue');
  expect(reported).toEqual([two.queue, one.queue]);
});

it('tells for several queues at once whether they have delayed jobs', async () => {
  const [empty, delayed] = [newQueue(), newQueue()];
  await queues.submit(delayed, { place: 'parked', options: { d: 60_000 } });
  const checks = [empty, delayed].map((queue) =>
    watching.watch.hasDelayedJobs(queues.core.keySpace.queue(queue)),
  );
  expect(await Promise.all(checks)).toEqual([false, true]);
});
