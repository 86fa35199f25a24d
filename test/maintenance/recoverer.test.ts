import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import { Recoverer } from '../../src/maintenance/recoverer.ts';
import { entryTime } from '../../src/redis/job-id.ts';
import { fixedKeys, inOrder } from '../../src/redis/keys.ts';
import { untilAfter, useQueueOfTwo } from '../helpers/lifecycle/queue-of-two.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { recordEvents } from '../helpers/telemetry/recorder.ts';
import { createManualClock } from '../helpers/workers/manual-clock.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

function newRecoverer(clock: Clock = systemClock) {
  const { observe, events } = recordEvents();
  const core = { ...createTestCore(redis.client, {}, observe), clock };
  const recoverer = new Recoverer(core, () => [queue.keys]);
  return { recoverer, events };
}

describe('a pass of the recoverer', () => {
  it('recovers the jobs of an expired lease and ends expired jobs', async () => {
    const { keys, one } = queue;
    const running = await queue.submit();
    await queue.takeAs(one);
    const expired = await queue.submit({ x: 1 });
    await redis.client.zadd(keys.leases, 1, 'one');
    await untilAfter(redis, entryTime(expired.entryId) + 1);
    const { recoverer, events } = newRecoverer();
    await recoverer.run();
    expect(await queue.placeOf(running)).toBe('queued');
    expect(await queue.placeOf(expired)).toBe('result');
    expect(events).toEqual([
      { kind: 'recovered', queue: keys.queue, jobs: 1, cause: 'lease-ran-out' },
      expect.objectContaining({ kind: 'attempt-lost', attempt: 1, lease: 'one', errorName: 'worker-lost' }),
      { kind: 'jobs-expired', queue: keys.queue, jobs: 1 },
    ]);
  });

  it('ends a recovered job as cancelled if its cancel was requested', async () => {
    const { keys, one } = queue;
    const ref = await queue.submit();
    await queue.takeAs(one);
    await redis.client.hset(keys.notes, `n${ref.entryId}:c`, Date.now());
    await redis.client.zadd(keys.leases, 1, 'one');
    await newRecoverer().recoverer.run();
    expect(await queue.placeOf(ref)).toBe('result');
  });

  it('makes nothing of a queue that was removed', async () => {
    const { keys } = queue;
    await redis.client.unlink(...fixedKeys(keys));
    await redis.client.zadd(keys.leases, 1, 'one');
    expect(await newRecoverer().recoverer.run()).toBe(1_000);
    expect(await redis.client.exists(...inOrder(keys.stream), keys.wake)).toBe(0);
  });

  it('comes again soon enough for the next lease that may expire, and at least once a second', async () => {
    const { recoverer } = newRecoverer();
    expect(await recoverer.run()).toBe(1_000);
    await redis.client.zadd(queue.keys.leases, Date.now() + 500, 'one');
    const delay = await recoverer.run();
    expect(delay).toBeGreaterThanOrEqual(20);
    expect(delay).toBeLessThanOrEqual(500);
  });

  it('comes less often to a worker, where many look as well, but in time for the next lease that may expire', async () => {
    const { keys } = queue;
    const recoverer = new Recoverer(createTestCore(redis.client), () => [keys], 2);
    expect(await recoverer.run()).toBe(10_000);
    await queue.submit({ x: 3_600_000 }, 'low');
    expect(await recoverer.run()).toBe(1_000);
    await redis.client.del(keys.expiring);
    for (let i = 0; i < 98; i += 1) await redis.client.zadd(keys.leases, Date.now() + 60_000, `other-${i}`);
    const delay = await recoverer.run();
    expect(delay).toBeGreaterThan(10_000);
    expect(delay).toBeLessThanOrEqual(20_000);
    await redis.client.zadd(keys.leases, Date.now() + 500, 'other-1');
    expect(await recoverer.run()).toBeLessThanOrEqual(500);
  });

  it('comes every second while there is no queue', async () => {
    expect(await new Recoverer(createTestCore(redis.client), () => []).run()).toBe(1_000);
  });

  it('gives workers time to renew their leases after a pass that failed', async () => {
    const { keys } = queue;
    const clock = createManualClock();
    const { recoverer } = newRecoverer(clock);
    await redis.client.set(keys.leases, 'not a set');
    await expect(recoverer.run()).rejects.toThrow('WRONGTYPE');
    await redis.client.del(keys.leases);
    expect(await recoverer.run()).toBe(2_000);
    clock.advance(1_999);
    expect(await recoverer.run()).toBe(1);
    clock.advance(1);
    expect(await recoverer.run()).toBe(1_000);
  });
});

it('recovers the jobs of a process that has ended, before its lease expires', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  await newRecoverer().recoverer.giveUp('one', { clean: true, how: 'exit code 0' });
  expect(await queue.placeOf(ref)).toBe('queued');
  expect(await queue.one.hasLease(queue.keys)).toBe(false);
  expect(await queue.two.hasLease(queue.keys)).toBe(true);
});
