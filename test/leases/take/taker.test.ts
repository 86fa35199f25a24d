import { describe, expect, it } from 'vitest';
import { completionOf } from '../../../src/attempts/completion.ts';
import type { TakeRequest } from '../../../src/leases/take/taker.ts';
import { MAX_PAYLOAD_BYTES } from '../../../src/leases/take/taker.ts';
import { idsOf, newQueue } from '../../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../../helpers/leases/lease-queues.ts';
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

  it('stops after a thousand jobs, or a hundred steps, in which nothing was to be run, and says that there may be more', async () => {
    const queue = newQueue();
    const others = Array.from({ length: 101 }, () => queues.submit(queue, { task: 'other' }));
    await Promise.all(others);
    const request = requestFor(queue, { tasks: new Set(['work']) });
    expect(await queues.taker.take(request)).toMatchObject({ jobs: [], mayHaveMore: true });
    expect(await queues.taker.take(request)).toMatchObject({ jobs: [], mayHaveMore: false });
  });

  it('takes nothing under a lease that has ended, and says so', async () => {
    const queue = newQueue();
    await queues.submit(queue);
    const ended = requestFor(queue, { isLeaseActive: false, requestDigest: 'digest' });
    expect(await queues.taker.take(ended)).toMatchObject({ jobs: [], hasLeaseEnded: true });
    expect(await queues.isHeld(queue)).toBe(false);
  });
});
