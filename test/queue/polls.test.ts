import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { WorkWatch } from '../../src/events/work-watch.ts';
import { LeasedConsumer } from '../../src/queue/leased.ts';
import { Polls } from '../../src/queue/polls.ts';
import { Taking } from '../../src/queue/taking.ts';
import { BlockingReader } from '../../src/redis/blocking.ts';
import { type Connection, connectForBlocking } from '../../src/redis/connect.ts';
import { KeySpace } from '../../src/redis/keyspace.ts';
import { newQueue } from '../helpers/http-work.ts';
import { until, untilConnected, useRedis } from '../helpers/redis.ts';

const redis = useRedis();
const keySpace = new KeySpace('mr');
const stays = { onGone: () => undefined };

let blocking: Connection;
let watch: WorkWatch;

beforeAll(async () => {
  blocking = connectForBlocking({ url: redis.url, name: 'test-polls', onError: () => undefined });
  await untilConnected(blocking);
  watch = new WorkWatch(new BlockingReader(blocking, redis.client), redis.client);
});
afterAll(async () => {
  await watch.close();
  blocking.disconnect();
});

const nothing = () => new Taking(new LeasedConsumer('none', redis.client));

it('queues that nobody waits for any more are watched on, but not any number of them', async () => {
  const polls = new Polls(keySpace, watch, 1_000);
  const queues = Array.from({ length: 300 }, newQueue);
  const watched = () => queues.filter((queue) => watch.isWatched(keySpace.queue(queue))).length;
  const leave: (() => void)[] = [];
  const asker = { onGone: (gone: () => void) => void leave.push(gone) };
  const open = queues.map((queue) => polls.take([queue], 30_000, asker, async () => nothing()));
  await until(() => watched() === queues.length, 'queues that are watched');
  for (const gone of leave) gone();
  await Promise.all(open);
  expect(watched()).toBeGreaterThan(0);
  expect(watched()).toBeLessThanOrEqual(256);
  polls.stop();
  expect(watched()).toBe(0);
});

it('nothing is left running of a look that was under way when the service stopped', async () => {
  const polls = new Polls(keySpace, watch, 10);
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const looks: (() => void)[] = [];
  const poll = polls.take([newQueue()], 20_000, stays, async () => {
    await new Promise<void>((resolve) => looks.push(resolve));
    return nothing();
  });
  await until(() => looks.length === 1, 'a look');
  polls.stop();
  expect(await poll).toBeUndefined();
  timers.mockClear();
  looks[0]?.();
  await redis.client.ping();
  expect(timers.mock.calls.filter(([, ms]) => Number(ms) > 10_000)).toEqual([]);
  timers.mockRestore();
});
