import { describe, expect, it } from 'vitest';
import { JobInspector } from '../../../src/jobs/job-inspector.ts';
import { settleUnrunnable } from '../../../src/leases/take/settle-unrunnable.ts';
import { redisTime } from '../../../src/redis/server-time.ts';
import { JsonText } from '../../../src/schemas/json/json-text.ts';
import { idsOf, newQueue } from '../../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../../helpers/leases/lease-queues.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { take } from '../../helpers/workers/moves.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);

/** Delivers up to ten jobs to a new lease, and settles those that need no run for a worker with the task `work`. */
async function deliver(queue: string) {
  const lease = newLease(queue);
  const consumer = queues.consumerOf(lease);
  const keys = queues.core.keySpace.queue(queue);
  await redis.client.zadd(keys.leases, Date.now() + 60_000, lease.consumer);
  const taken = await take(consumer, keys, { count: 10 });
  const deliveries = taken.kind === 'taken' ? taken.deliveries : [];
  const known = await queues.core.tasks.announced(keys);
  return settleUnrunnable(queues.core, { consumer, keys, tasks: new Set(['work']) }, deliveries, known);
}

describe('delivered jobs', () => {
  it('are returned with their deliveries if the worker is to run them', async () => {
    const queue = newQueue();
    const first = await queues.submit(queue, {
      payload: '{"a":1}',
      options: { a: 2, to: 5_000, m: { k: 'v' } },
    });
    const other = await queues.submit(queue, { task: 'other', options: { a: 1 } });
    const second = await queues.submit(queue);
    const { jobs, deliveries, hasEnded } = await deliver(queue);
    expect(idsOf({ jobs })).toEqual([first, second]);
    expect(deliveries).toHaveLength(2);
    expect(jobs[0]).toMatchObject({
      payload: JsonText.of({ a: 1 }),
      attempt: 1,
      maxAttempts: 2,
      timeoutMs: 5_000,
      metadata: { k: 'v' },
    });
    expect(hasEnded).toBe(false);
    expect(await new JobInspector(queues.core).find(other)).toMatchObject({
      status: 'queued',
      heldBy: 'task',
      attempt: 0,
    });
  });

  it('end as expired where their time is over, and with the last one the lease ends', async () => {
    const queue = newQueue();
    const ids = [
      await queues.submit(queue, { options: { x: 1 } }),
      await queues.submit(queue, { options: { x: 1 } }),
    ];
    const expiredAt = (await redisTime(redis.client)) + 1;
    await until(async () => (await redisTime(redis.client)) > expiredAt, 'the end of their time');
    expect(await deliver(queue)).toEqual({ jobs: [], deliveries: [], hasHeld: false, hasEnded: true });
    for (const id of ids) expect((await new JobInspector(queues.core).find(id)).status).toBe('expired');
    expect(await queues.isHeld(queue)).toBe(false);
  });
});
