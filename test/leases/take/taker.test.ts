import { describe, expect, it } from 'vitest';
import { completionOf } from '../../../src/attempts/completion.ts';
import { JobInspector } from '../../../src/jobs/job-inspector.ts';
import type { TakeRequest } from '../../../src/leases/take/taker.ts';
import { MAX_PAYLOAD_BYTES } from '../../../src/leases/take/taker.ts';
import { idsOf, newQueue } from '../../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../../helpers/leases/lease-queues.ts';
import { putQueued } from '../../helpers/redis/places.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);

const requestFor = (queue: string, more: Partial<TakeRequest> = {}): TakeRequest => ({
  consumer: queues.consumerOf(newLease(queue)),
  keys: queues.core.keySpace.queue(queue),
  tasks: undefined,
  count: 1,
  byteBudget: MAX_PAYLOAD_BYTES,
  leaseMs: 60_000,
  requestDigest: undefined,
  highestToken: 0,
  isLeaseActive: true,
  completions: [],
  latency: new Map(),
  ...more,
});

describe('a take from one queue', () => {
  it('takes past jobs that need no run, and keeps what it settled in the first step', async () => {
    const queue = newQueue();
    const first = await queues.submit(queue);
    const request = requestFor(queue);
    const { jobs, deliveries } = await queues.taker.take(request);
    expect(idsOf({ jobs: [...jobs] })).toEqual([first]);
    for (let i = 0; i < 3; i += 1) await queues.submit(queue, { task: 'other' });
    const last = await queues.submit(queue);
    const held = deliveries.map(({ place, entryId, token, attempt }) => ({
      entry: undefined,
      ref: { place, entryId },
      token,
      attempt,
    }));
    const completions = held.map((delivery) =>
      completionOf(delivery, { kind: 'completed', result: '1' }, undefined, 60_000),
    );
    const next = await queues.taker.take({ ...request, tasks: new Set(['work']), completions });
    expect(next.settled).toEqual(['done']);
    expect(next.jobs).toMatchObject([{ id: last, task: 'work', attempt: 1 }]);
    expect(next.expiresAt).toBeGreaterThan(Date.now());
  });

  it('stops after about a thousand jobs of which none was to be run, and says that there may be more', async () => {
    const queue = newQueue();
    const request = requestFor(queue, { tasks: new Set(['work']) });
    await putQueued(redis.client, request.keys, Array.from({ length: 1_100 }).fill(1));
    expect(await queues.taker.take(request)).toMatchObject({ jobs: [], mayHaveMore: true });
    expect(await queues.taker.take(request)).toMatchObject({ jobs: [], mayHaveMore: false });
  });

  it('does not hold jobs of others one by one, and gives back what is beyond the wanted jobs', async () => {
    const queue = newQueue();
    const request = requestFor(queue, { tasks: new Set(['work']) });
    await putQueued(redis.client, request.keys, Array.from({ length: 300 }).fill(1));
    const own: string[] = [];
    for (let i = 0; i < 5; i += 1) own.push(await queues.submit(queue));
    await redis.client.config('RESETSTAT');
    const { jobs, mayHaveMore } = await queues.taker.take(request);
    const stats = await redis.client.info('commandstats');
    expect(Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1])).toBeLessThan(40);
    expect([idsOf({ jobs: [...jobs] }), mayHaveMore]).toEqual([own.slice(0, 1), true]);
    const inspector = new JobInspector(queues.core);
    expect(await inspector.find(own[4] ?? '')).toMatchObject({ status: 'queued', attempt: 0 });
    const next = await queues.taker.take({ ...request, count: 5 });
    expect(next.jobs.map(({ id, attempt }) => [id, attempt])).toEqual(own.slice(1).map((id) => [id, 1]));
  });

  it('takes nothing under a lease that has ended, and says so', async () => {
    const queue = newQueue();
    await queues.submit(queue);
    const ended = requestFor(queue, { isLeaseActive: false, requestDigest: 'digest' });
    expect(await queues.taker.take(ended)).toMatchObject({ jobs: [], hasLeaseEnded: true });
    expect(await queues.isHeld(queue)).toBe(false);
  });
});
