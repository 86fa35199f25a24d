import { describe, expect, it, vi } from 'vitest';
import type { Requester } from '../../../src/core/requester.ts';
import { LeaseConsumer } from '../../../src/leases/lease-consumer.ts';
import { LongPolls } from '../../../src/leases/take/long-polls.ts';
import { TakenJobs } from '../../../src/leases/take/taken-jobs.ts';
import { newQueue } from '../../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../../helpers/leases/lease-queues.ts';
import { useWorkWatch } from '../../helpers/leases/work-watch.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);
const watching = useWorkWatch(redis);

const stays: Requester = { onDisconnect: () => undefined };
const nothing = () => new TakenJobs(new LeaseConsumer('none', redis.client));
const newPolls = (maxWaiting = 10) => new LongPolls(queues.core, watching.watch, maxWaiting);

/** A requester that disconnects when the test says so. */
function newRequester() {
  let disconnect = () => {};
  const requester: Requester = {
    onDisconnect: (listener) => {
      disconnect = listener;
    },
  };
  return { requester, disconnect: () => disconnect() };
}

describe('a poll', () => {
  it('resolves to the jobs that come while it waits', async () => {
    const polls = newPolls();
    const queue = newQueue();
    const lease = newLease(queue);
    const poll = polls.take([queue], '*', 20_000, stays, () => queues.take(lease));
    const id = await queues.submit(queue);
    expect((await poll)?.jobs).toMatchObject([{ id }]);
    polls.stop();
  });

  it('is refused when too many wait', async () => {
    const polls = newPolls(1);
    const open = polls.take([newQueue()], '*', 20_000, stays, async () => nothing());
    await expect(polls.take([newQueue()], '*', 20_000, stays, async () => nothing())).rejects.toMatchObject({
      code: 'too-many-waiters',
    });
    polls.stop();
    expect(await open).toBeUndefined();
  });

  it.each([
    ['without waiting', 0],
    ['while it waits', 10_000],
  ])('releases jobs that were taken %s for a requester that has gone', async (_, waitMs) => {
    const polls = newPolls();
    const queue = newQueue();
    const ids = [await queues.submit(queue), await queues.submit(queue)];
    const { requester, disconnect } = newRequester();
    const lease = newLease(queue);
    const taken = await polls.take([queue], '*', waitMs, requester, async () => {
      const jobs = await queues.take(lease, { max: 2 });
      disconnect();
      return jobs;
    });
    expect(taken).toBeUndefined();
    await until(async () => !(await queues.isHeld(queue)), 'the end of the lease');
    polls.stop();
    const again = await queues.take(newLease(queue), { max: 2 });
    expect(again.jobs).toMatchObject(ids.map((id) => ({ id, attempt: 1 })));
  });
});

it('keeps some queues watched after their last poll has ended, but at most 256', async () => {
  const polls = newPolls(1_000);
  const names = Array.from({ length: 300 }, newQueue);
  const { keySpace } = queues.core;
  const watched = () => names.filter((queue) => watching.watch.isWatched(keySpace.queue(queue))).length;
  const requesters = names.map(newRequester);
  const open = names.map((queue, i) =>
    polls.take([queue], '*', 30_000, requesters[i]?.requester ?? stays, async () => nothing()),
  );
  await until(() => watched() === names.length, 'queues that are watched');
  for (const { disconnect } of requesters) disconnect();
  await Promise.all(open);
  expect(watched()).toBeGreaterThan(0);
  expect(watched()).toBeLessThanOrEqual(256);
  polls.stop();
  expect(watched()).toBe(0);
});

it('leaves no timer behind when it is stopped during a take', async () => {
  const polls = newPolls();
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const takes: (() => void)[] = [];
  const poll = polls.take([newQueue()], '*', 20_000, stays, async () => {
    await new Promise<void>((resolve) => takes.push(resolve));
    return nothing();
  });
  await until(() => takes.length === 1, 'a take');
  polls.stop();
  expect(await poll).toBeUndefined();
  timers.mockClear();
  takes[0]?.();
  await redis.client.ping();
  expect(timers.mock.calls.filter(([, ms]) => Number(ms) > 10_000)).toEqual([]);
  timers.mockRestore();
});
