import { describe, expect, it } from 'vitest';
import { JobInspector } from '../../../src/jobs/job-inspector.ts';
import type { Lease } from '../../../src/leases/lease-token.ts';
import type { JobReport } from '../../../src/leases/settle/reports.ts';
import { settle } from '../../../src/leases/settle/settle.ts';
import { JsonText } from '../../../src/schemas/json/json-text.ts';
import { idsOf, newQueue } from '../../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../../helpers/leases/lease-queues.ts';
import { completed, failed, released } from '../../helpers/leases/reports.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);

const settleUnder = (lease: Lease, reports: readonly JobReport[], next: number) => {
  const { core, taker } = queues;
  return settle({ core, taker, lease, consumer: queues.consumerOf(lease), next, tasks: undefined }, reports);
};

describe('a settle', () => {
  it('answers each report in their order, and takes the next jobs of all queues', async () => {
    const [one, two] = [newQueue(), newQueue()];
    const lease = newLease(one, two);
    const ids = [await queues.submit(one), await queues.submit(one), await queues.submit(two)];
    await queues.take(lease, { max: 3 });
    const next = [await queues.submit(one), await queues.submit(two)];
    const [a = '', b = '', c = ''] = ids;
    const result = await settleUnder(
      lease,
      [
        released({ id: c, delayMs: 60_000 }),
        completed({ id: a, result: 1 }),
        failed({ id: b, error: { message: 'no' }, retryable: false }),
        completed({ id: 'unknown' }),
      ],
      5,
    );
    expect(result.outcomes).toMatchObject([
      { id: c, ok: true, status: 'retrying' },
      { id: a, ok: true, status: 'completed' },
      { id: b, ok: true, status: 'failed' },
      { id: 'unknown', ok: false, error: { code: 'job-not-found' } },
    ]);
    expect(idsOf(result)).toEqual(next);
    expect(result.hasLeaseEnded).toBe(false);
    expect(await new JobInspector(queues.core).find(a)).toMatchObject({
      status: 'completed',
      result: JsonText.of(1),
    });
  });

  it('does not take the job that it releases itself', async () => {
    const queue = newQueue();
    const lease = newLease(queue);
    const id = await queues.submit(queue);
    await queues.take(lease);
    const result = await settleUnder(lease, [released({ id })], 1);
    expect(result).toMatchObject({ jobs: [], expiresAt: undefined });
    expect(await queues.isHeld(queue)).toBe(false);
    expect((await queues.take(newLease(queue))).jobs).toMatchObject([{ id, attempt: 1 }]);
  });

  it('takes nothing under a lease that has ended, and explains why a job is not held', async () => {
    const queue = newQueue();
    const lease = newLease(queue);
    const id = await queues.submit(queue);
    const taken = await queues.take(lease);
    await taken.release();
    const result = await settleUnder(lease, [completed({ id })], 1);
    expect(result).toMatchObject({ jobs: [], hasLeaseEnded: true });
    expect(result.outcomes).toMatchObject([
      { ok: false, error: { code: 'stale-lease', extensions: { jobStatus: 'queued' } } },
    ]);
  });

  it('makes no keys for a queue in which the lease holds nothing', async () => {
    const queue = newQueue();
    const result = await settleUnder(newLease(queue), [completed({ id: `${queue}~n1-0` })], 0);
    expect(result.outcomes).toMatchObject([{ ok: false, error: { code: 'job-not-found' } }]);
    expect(await redis.client.keys(`mr:{${queue}}:*`)).toEqual([]);
  });
});
