import { describe, expect, it } from 'vitest';
import { JobInspector } from '../../src/jobs/job-inspector.ts';
import { JobOperator } from '../../src/jobs/job-operator.ts';
import { renew } from '../../src/leases/heartbeat.ts';
import type { Lease } from '../../src/leases/lease-token.ts';
import { CANCEL_PATIENCE_MS } from '../../src/lifecycle/scripts/cancel.ts';
import { formatJobId, formatRef, parseJobId } from '../../src/redis/job-id.ts';
import { newQueue } from '../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../helpers/leases/lease-queues.ts';
import { deliver, putQueued } from '../helpers/redis/places.ts';
import { until, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);

/** More than one heartbeat read before. */
const MANY = 10_100;

const keysOf = (queue: string) => queues.core.keySpace.queue(queue);
const renewIn = (lease: Lease, queue: string) =>
  renew(queues.core, queues.consumerOf(lease), keysOf(queue), lease.leaseMs);

describe('a heartbeat in one queue', () => {
  it('renews a lease that holds jobs, and no other', async () => {
    const queue = newQueue();
    const lease = newLease(queue);
    expect(await renewIn(lease, queue)).toMatchObject({ wasActive: false, expiresAt: undefined });
    await queues.submit(queue);
    await queues.take(lease);
    await redis.client.zadd(keysOf(queue).leases, Date.now() + 5_000, lease.consumer);
    const renewal = await renewIn(lease, queue);
    expect(renewal).toMatchObject({ wasActive: true, cancel: [], isPaused: false });
    expect(renewal.expiresAt).toBeGreaterThan(Date.now() + 30_000);
  });

  it('fails an attempt that runs beyond its timeout, and leaves the others', async () => {
    const queue = newQueue();
    const lease = newLease(queue);
    const slow = await queues.submit(queue, { options: { to: 1, a: 1 } });
    const other = await queues.submit(queue);
    await queues.take(lease, { max: 2 });
    const renewal = await until(async () => {
      const found = await renewIn(lease, queue);
      return found.cancel.length > 0 && found;
    }, 'the end of the attempt');
    expect(renewal.cancel).toEqual([slow]);
    expect(renewal.expiresAt).toBeGreaterThan(Date.now());
    expect(await new JobInspector(queues.core).find(slow)).toMatchObject({
      status: 'failed',
      error: { name: 'timeout' },
    });
    expect((await new JobInspector(queues.core).find(other)).status).toBe('running');
  });

  it('lists a cancelled job, and takes it once its worker had time to stop; the lease ends with it', async () => {
    const queue = newQueue();
    const lease = newLease(queue);
    const id = await queues.submit(queue);
    await queues.take(lease);
    await new JobOperator(queues.core).cancel(id);
    expect(await renewIn(lease, queue)).toMatchObject({ cancel: [id], expiresAt: expect.any(Number) });
    expect((await new JobInspector(queues.core).find(id)).status).toBe('running');
    const ref = parseJobId(id)?.ref;
    const field = ref === undefined ? '' : `${formatRef(ref)}:c`;
    const requestedAt = Number(await redis.client.hget(keysOf(queue).notes, field));
    await redis.client.hset(keysOf(queue).notes, field, requestedAt - CANCEL_PATIENCE_MS);
    expect(await renewIn(lease, queue)).toMatchObject({
      wasActive: true,
      cancel: [id],
      expiresAt: undefined,
    });
    expect((await new JobInspector(queues.core).find(id)).status).toBe('cancelled');
  });

  it('tells of a cancelled job, however many jobs the lease holds', async () => {
    const queue = newQueue();
    const keys = keysOf(queue);
    const lease = newLease(queue);
    const refs = await putQueued(redis.client, keys, Array.from({ length: MANY }).fill(1));
    await deliver(redis.client, keys, MANY, { consumer: lease.consumer });
    await redis.client.zadd(keys.leases, Date.now() + 60_000, lease.consumer);
    const ids = refs.map((ref) => formatJobId(queue, ref));
    const last = ids.at(-1) ?? '';
    await new JobOperator(queues.core).cancel(last);
    expect(await renewIn(lease, queue)).toMatchObject({ cancel: [last] });
    // No timeout can have come since then.
    expect(await renewIn(lease, queue)).toMatchObject({ cancel: [last] });
  });

  it('reads no job of its lease while none was cancelled and no timeout can have come', async () => {
    const queue = newQueue();
    const lease = newLease(queue);
    await queues.submit(queue);
    await queues.take(lease);
    await renewIn(lease, queue);
    await redis.client.config('RESETSTAT');
    await renewIn(lease, queue);
    const stats = await redis.client.info('commandstats');
    expect(stats).toMatch(/cmdstat_zadd:/);
    expect(stats).not.toMatch(/cmdstat_(xrange|xpending):/);
  });
});
