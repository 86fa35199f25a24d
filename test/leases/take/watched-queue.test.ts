import { expect, it } from 'vitest';
import { WaitingPoll } from '../../../src/leases/take/waiting-poll.ts';
import { WatchedQueue } from '../../../src/leases/take/watched-queue.ts';
import { idsOf, newQueue } from '../../helpers/leases/http-worker.ts';
import { newLease, useLeaseQueues } from '../../helpers/leases/lease-queues.ts';
import { useWorkWatch } from '../../helpers/leases/work-watch.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);
const watching = useWorkWatch(redis);

function newWatchedQueue(queue: string) {
  const { keySpace, clock } = queues.core;
  const keys = keySpace.queue(queue);
  const log: string[] = [];
  const watched = new WatchedQueue(keys, clock, watching.watch, {
    mayLinger: () => false,
    onPollFree: () => void log.push('free'),
    onClosed: () => void log.push('closed'),
  });
  watching.watch.onWork(() => void watched.serve());
  const addPoll = (): WaitingPoll => {
    const lease = newLease(queue);
    const poll: WaitingPoll = new WaitingPoll(
      [queue],
      '*',
      () => {
        log.push('take');
        return queues.take(lease);
      },
      () => watched.remove(poll),
    );
    watched.add(poll);
    return poll;
  };
  return { watched, addPoll, log };
}

it('serves its polls in the order of their arrival, each with its own take', async () => {
  const queue = newQueue();
  const { watched, addPoll } = newWatchedQueue(queue);
  const polls = [addPoll(), addPoll(), addPoll()];
  await until(() => watched.isEmptyFor('*'), 'an empty queue');
  const ids = [await queues.submit(queue), await queues.submit(queue), await queues.submit(queue)];
  const taken = await Promise.all(polls.map((poll) => poll.taken));
  expect(taken.map((jobs) => idsOf(jobs ?? { jobs: [] }))).toEqual(ids.map((id) => [id]));
});

/** One take before the positions of the streams are read, and one after. */
const TWO_TAKES = ['take', 'free', 'take', 'free'];

it('takes nothing while it is empty, and closes with its last poll unless it may linger', async () => {
  const queue = newQueue();
  const { watched, addPoll, log } = newWatchedQueue(queue);
  const first = addPoll();
  await until(() => watched.isEmptyFor('*'), 'an empty queue');
  expect(log).toEqual(TWO_TAKES);
  const second = addPoll();
  expect(watched.isEmptyFor('*')).toBe(true);
  first.end();
  expect(log).toEqual(TWO_TAKES);
  second.end();
  expect(log).toEqual([...TWO_TAKES, 'closed']);
  expect(watching.watch.isWatched(watched.keys)).toBe(false);
});

it('fails all of its polls when a take fails', async () => {
  const queue = newQueue();
  const { watched, addPoll, log } = newWatchedQueue(queue);
  await redis.client.set(watched.keys.stream.normal, 'not a stream');
  const polls = [addPoll(), addPoll()];
  for (const poll of polls) await expect(poll.taken).rejects.toThrow('WRONGTYPE');
  expect(log).toEqual(['take', 'closed']);
});
