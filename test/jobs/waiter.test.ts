import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { Core } from '../../src/core/core.ts';
import { EventNotifier } from '../../src/events/notifier.ts';
import { JobOperator } from '../../src/jobs/job-operator.ts';
import { Submitter } from '../../src/jobs/submit/submitter.ts';
import { Waiter } from '../../src/jobs/waiter.ts';
import { connectForBlocking } from '../../src/redis/connect.ts';
import type { Connection } from '../../src/redis/connection.ts';
import { BlockingReader } from '../../src/redis/reads/blocking-reader.ts';
import type { Job } from '../../src/schemas/job.ts';
import { isFinal } from '../../src/schemas/values/names.ts';
import { scripts } from '../../src/scripts.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { until, untilConnected, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
let blocking: Connection;
let feed: EventNotifier;
let core: Core;
let waiter: Waiter;
let queue = '';
let queues = 0;

beforeAll(async () => {
  blocking = connectForBlocking({ url: redis.url, name: 'events', scripts });
  await untilConnected(blocking);
  feed = new EventNotifier(new BlockingReader(blocking, redis.client), redis.client, systemClock);
});
beforeEach(() => {
  queues += 1;
  queue = `q${queues}`;
  core = createTestCore(redis.client);
  waiter = new Waiter(core, feed, 2);
});
afterAll(async () => {
  await feed.close();
  blocking.disconnect();
});

const submit = async (job = {}) => (await new Submitter(core).submit({ task: 'echo', queue, ...job })).value;
const cancel = (id: string) => new JobOperator(core).cancel(id);
const isFinished = (job: Job) => isFinal(job.status);
/** A client that the test disconnects. */
function client() {
  const leave: (() => void)[] = [];
  return {
    onDisconnect: (callback: () => void) => void leave.push(callback),
    disconnect: () => {
      for (const callback of leave) callback();
    },
    hasCome: () => leave.length > 0,
  };
}
const MINUTE_MS = 60_000;
const wait = (id: string, requester = client()) => waiter.wait(id, isFinished, MINUTE_MS, requester);

describe('a wait', () => {
  it('ends as soon as its condition holds', async () => {
    const { id } = await submit();
    const requester = client();
    const waiting = wait(id, requester);
    await until(requester.hasCome, 'the wait has begun');
    await cancel(id);
    expect(await waiting).toMatchObject({ status: 'cancelled' });
  });

  it('needs no events when its condition holds already', async () => {
    const { id } = await submit();
    expect(await waiter.wait(id, () => true, MINUTE_MS, client())).toMatchObject({ status: 'queued' });
  });

  it('gives the present job when its time is over', async () => {
    const { id } = await submit();
    expect(await waiter.wait(id, isFinished, 20, client())).toMatchObject({ status: 'queued' });
    expect(await waiter.wait(id, isFinished, 0, client())).toMatchObject({ status: 'queued' });
  });

  it('ends when its client disconnects', async () => {
    const { id } = await submit();
    const requester = client();
    const waiting = wait(id, requester);
    requester.disconnect();
    expect(await waiting).toMatchObject({ status: 'queued' });
  });

  it('ends when the service stops, and so does every later one', async () => {
    const { id } = await submit();
    const waiting = wait(id);
    waiter.stop();
    expect(await waiting).toMatchObject({ status: 'queued' });
    expect(await wait(id)).toMatchObject({ status: 'queued' });
  });

  it('ends when the job expires, which makes no event', async () => {
    const { id } = await submit({ expiresIn: 100 });
    const start = performance.now();
    expect(await wait(id)).toMatchObject({ status: 'expired' });
    // The waiter checked for the expiry itself: its regular poll comes after 5 s at the earliest.
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('of a new job ends even when the job finished before the wait began', async () => {
    const position = await waiter.feedPosition(queue);
    const job = await submit();
    await cancel(job.id);
    const waited = await waiter.wait(job.id, isFinished, MINUTE_MS, client(), { job, position });
    expect(waited).toMatchObject({ status: 'cancelled' });
  });

  it('is refused beyond the maximum of waits, and leaves its place when it ends', async () => {
    const { id } = await submit();
    const none = new Waiter(core, feed, 0);
    await expect(none.wait(id, isFinished, 20, client())).rejects.toMatchObject({ code: 'too-many-waiters' });
    const one = new Waiter(core, feed, 1);
    for (const ms of [20, 20]) {
      expect(await one.wait(id, isFinished, ms, client())).toMatchObject({ status: 'queued' });
    }
  });

  it('is refused when it comes after others, also at the same instant', async () => {
    const { id } = await submit();
    const waits = Array.from({ length: 5 }, () => waiter.wait(id, isFinished, 500, client()));
    const outcomes = (await Promise.allSettled(waits)).map(({ status }) => status);
    expect(outcomes).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected']);
  });

  it('is refused for a job that does not exist', async () => {
    await expect(wait('q~n1-0')).rejects.toMatchObject({ code: 'job-not-found' });
    await expect(wait('nonsense')).rejects.toMatchObject({ code: 'job-not-found' });
  });
});
