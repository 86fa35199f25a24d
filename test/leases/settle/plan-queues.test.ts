import { describe, expect, it } from 'vitest';
import type { Lease } from '../../../src/leases/lease-token.ts';
import { staleOutcome } from '../../../src/leases/settle/plan-items.ts';
import { isLeaseActive, planQueues } from '../../../src/leases/settle/plan-queues.ts';
import type { JobReport } from '../../../src/leases/settle/reports.ts';
import { newQueue } from '../../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../../helpers/leases/lease-queues.ts';
import { released } from '../../helpers/leases/reports.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);

const partsOf = (lease: Lease, next: number) => ({
  core: queues.core,
  lease,
  consumer: queues.consumerOf(lease),
  next,
});

async function plan(lease: Lease, reports: readonly JobReport[], next: number) {
  const outcomes = reports.map(({ id }) => staleOutcome(id));
  const plans = await planQueues(partsOf(lease, next), reports, outcomes);
  return plans.map(({ keys, held }) => [keys.queue, held]);
}

describe('the queues of a plan', () => {
  it('are those with reports, in the order of the lease', async () => {
    const [one, two, three] = [newQueue(), newQueue(), newQueue()];
    const lease = newLease(one, two, three);
    const ids = [await queues.submit(three), await queues.submit(one)];
    await queues.take(lease, { max: 2 });
    const reports = ids.map((id) => released({ id }));
    expect(await plan(lease, reports, 0)).toEqual([
      [one, 1],
      [three, 1],
    ]);
    expect(await plan(lease, reports, 1)).toEqual([
      [one, 1],
      [two, 0],
      [three, 1],
    ]);
  });

  it('are none for jobs of other queues, or for text that is not an id', async () => {
    const foreign = await queues.submit(newQueue());
    const reports = [foreign, 'no id'].map((id) => released({ id }));
    expect(await plan(newLease(newQueue()), reports, 0)).toEqual([]);
  });
});

describe('a lease over several queues', () => {
  it('is active while it holds a job in any of them', async () => {
    const [one, two] = [newQueue(), newQueue()];
    const lease = newLease(one, two);
    const parts = partsOf(lease, 1);
    const isActive = async () => isLeaseActive(parts, await planQueues(parts, [], []));
    expect(await isActive()).toBe(false);
    await queues.submit(two);
    const taken = await queues.take(lease);
    expect(await isActive()).toBe(true);
    await taken.release();
    expect(await isActive()).toBe(false);
  });
});
