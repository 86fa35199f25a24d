import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { LeaseConsumer } from '../../../src/leases/lease-consumer.ts';
import { LongPolls } from '../../../src/leases/take/long-polls.ts';
import { TakenJobs } from '../../../src/leases/take/taken-jobs.ts';
import { WorkWatch } from '../../../src/leases/take/work-watch.ts';
import { BlockingReader } from '../../../src/redis/blocking-reader.ts';
import { connectForBlocking, whenReady } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { KeySpace } from '../../../src/redis/keyspace.ts';
import { scripts } from '../../../src/scripts.ts';
import { newQueue } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const keySpace = new KeySpace('mr');
const stays = { onDisconnect: () => undefined };

let blocking: Connection;
let watch: WorkWatch;

beforeAll(async () => {
  blocking = connectForBlocking({ url: redis.url, name: 'test-polls', scripts, onError: () => undefined });
  await whenReady(blocking, 10_000);
  watch = new WorkWatch(new BlockingReader(blocking, redis.client), redis.client);
});
afterAll(async () => {
  await watch.close();
  blocking.disconnect();
});

const nothing = () => new TakenJobs(new LeaseConsumer('none', redis.client));

it('queues that nobody waits for any more are watched on, but not any number of them', async () => {
  const polls = new LongPolls(keySpace, watch, 1_000);
  const queues = Array.from({ length: 300 }, newQueue);
  const watched = () => queues.filter((queue) => watch.isWatched(keySpace.queue(queue))).length;
  const leave: (() => void)[] = [];
  const requester = { onDisconnect: (gone: () => void) => void leave.push(gone) };
  const open = queues.map((queue) => polls.take([queue], 30_000, requester, async () => nothing()));
  await until(() => watched() === queues.length, 'queues that are watched');
  for (const gone of leave) gone();
  await Promise.all(open);
  expect(watched()).toBeGreaterThan(0);
  expect(watched()).toBeLessThanOrEqual(256);
  polls.stop();
  expect(watched()).toBe(0);
});

it('nothing is left running of a look that was under way when the service stopped', async () => {
  const polls = new LongPolls(keySpace, watch, 10);
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
