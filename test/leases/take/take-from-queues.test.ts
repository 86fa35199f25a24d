import { describe, expect, it } from 'vitest';
import { idsOf, newQueue } from '../../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../../helpers/leases/lease-queues.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);

describe('a take from several queues', () => {
  it('takes from the queues in their order, up to the maximum', async () => {
    const [one, two] = [newQueue(), newQueue()];
    const later = [await queues.submit(two), await queues.submit(two)];
    const first = await queues.submit(one);
    const taken = await queues.take(newLease(one, two), { max: 2 });
    expect(idsOf(taken)).toEqual([first, later[0]]);
    expect(taken.expiresAt).toBeGreaterThan(Date.now());
  });

  it('leaves no lease behind when there are no jobs', async () => {
    const queue = newQueue();
    const taken = await queues.take(newLease(queue));
    expect(taken).toMatchObject({ jobs: [], expiresAt: undefined, mayHaveMore: false });
    expect(await queues.isHeld(queue)).toBe(false);
  });

  it('releases the jobs that it has taken when another queue fails', async () => {
    const [queue, broken] = [newQueue(), newQueue()];
    const id = await queues.submit(queue);
    await redis.client.set(queues.core.keySpace.queue(broken).stream.normal, 'not a stream');
    await expect(queues.take(newLease(queue, broken), { max: 2 })).rejects.toThrow('WRONGTYPE');
    await until(async () => !(await queues.isHeld(queue)), 'the end of the lease');
    expect((await queues.take(newLease(queue))).jobs).toMatchObject([{ id, attempt: 1 }]);
  });
});
