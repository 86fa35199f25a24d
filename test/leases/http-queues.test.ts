import { expect, it } from 'vitest';
import { HttpQueues } from '../../src/leases/http-queues.ts';
import { WorkedQueueRecorder } from '../../src/leases/worked-queues.ts';
import { newQueue } from '../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../helpers/leases/lease-queues.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);

it('reads queues with work over HTTP at most once a second; busy are those with leases or jobs that expire', async () => {
  let now = 0;
  const clock = { wall: () => Date.now(), monotonic: () => now };
  const httpQueues = new HttpQueues({ ...queues.core, clock });
  const names = (found: Iterable<{ queue: string }>) => [...found].map(({ queue }) => queue).sort();
  const [idle, leased, expiring] = [newQueue(), newQueue(), newQueue()];
  const all = [idle, leased, expiring];
  await httpQueues.refresh();
  expect(names(httpQueues.list())).toEqual([]);
  await new WorkedQueueRecorder(queues.core).record(all, undefined);
  await queues.submit(leased);
  await queues.take(newLease(leased));
  await queues.submit(expiring, { options: { x: 60_000 } });
  now = 999;
  await httpQueues.refresh();
  expect(names(httpQueues.list())).toEqual([]);
  now = 1_000;
  await httpQueues.refresh();
  expect(names(httpQueues.list())).toEqual([...all].sort());
  expect(names(httpQueues.busy())).toEqual([leased, expiring].sort());
});
