import { describe, expect, it } from 'vitest';
import { earlier, TakenJobs } from '../../../src/leases/take/taken-jobs.ts';
import { MAX_PAYLOAD_BYTES, NOTHING_TAKEN } from '../../../src/leases/take/taker.ts';
import { idsOf, newQueue } from '../../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../../helpers/leases/lease-queues.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);

describe('taken jobs', () => {
  it('add up over queues: the first end, the next due time and the bytes that are left', () => {
    const lease = newLease('a', 'b');
    const taken = new TakenJobs(queues.consumerOf(lease));
    const [a, b] = lease.queues.map((queue) => queues.core.keySpace.queue(queue)) as [never, never];
    taken.add(a, { ...NOTHING_TAKEN, payloadSize: 10, expiresAt: 7, nextDueInMs: 900 });
    taken.add(b, { ...NOTHING_TAKEN, payloadSize: 5, expiresAt: 6, mayHaveMore: true });
    expect(taken).toMatchObject({
      byteBudget: MAX_PAYLOAD_BYTES - 15,
      expiresAt: 6,
      nextDueInMs: 900,
      mayHaveMore: true,
    });
  });

  it('spend no attempt when they are released, and the lease ends in each queue', async () => {
    const [one, two] = [newQueue(), newQueue()];
    const ids = [await queues.submit(one), await queues.submit(two)];
    const taken = await queues.take(newLease(one, two), { max: 2 });
    expect(idsOf(taken)).toEqual(ids);
    await taken.release();
    for (const queue of [one, two]) expect(await queues.isHeld(queue)).toBe(false);
    const again = await queues.take(newLease(one, two), { max: 2 });
    expect(again.jobs).toMatchObject(ids.map((id) => ({ id, attempt: 1 })));
  });
});

it('the earlier end of a lease is the only one, where it has ended in the other queue', () => {
  expect([earlier(1, 2), earlier(undefined, 2), earlier(1, undefined)]).toEqual([1, 2, 1]);
  expect(earlier(undefined, undefined)).toBeUndefined();
});
