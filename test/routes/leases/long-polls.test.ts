import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_POLL_MS } from '../../../src/schemas/lease.ts';
import { JSON_TYPE } from '../../helpers/api/send.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { newQueue, post, submitMany, take, takeOne } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

const WAIT_MS = MAX_POLL_MS;

/** Polls that the API has received and whose connections are not done with. */
let open = 0;
beforeAll(() => {
  api.app.server.on('request', (request, response) => {
    if (request.url !== '/leases') return;
    open += 1;
    response.once('close', () => {
      open -= 1;
    });
  });
});

/** Resolves when so many polls are open and have asked Redis, which answers in order: they wait. */
const untilWaiting = async (polls = 1): Promise<void> => {
  await until(
    () => open === polls,
    () => `${polls} open polls, not ${open}`,
  );
  await api.http.get('/readyz');
};

describe('a poll that waits', () => {
  it('is answered with the first job that is submitted', async () => {
    const queue = newQueue();
    const polled = take(api, { queues: [queue], waitMs: WAIT_MS });
    await untilWaiting();
    const { id } = await api.submit({ queue, task: 'work' });
    expect((await polled).jobs).toMatchObject([{ id }]);
  });

  it.each([
    ['a delay shorter than the wake horizon', { delay: 100 }],
    ['a delay beyond the wake horizon', { delay: '3500ms' }],
    ['a low priority', { priority: 'low' }],
  ])('is answered with a job that has %s', async (_, more) => {
    const queue = newQueue();
    const polled = take(api, { queues: [queue], waitMs: WAIT_MS });
    await untilWaiting();
    const { id } = await api.submit({ queue, task: 'work', ...more });
    expect((await polled).jobs).toMatchObject([{ id }]);
  });

  it('is answered with a job that is due beyond the wake horizon, though another poll has ended without jobs before', async () => {
    const queue = newQueue();
    expect((await take(api, { queues: [queue], waitMs: 100 })).jobs).toEqual([]);
    const polled = take(api, { queues: [queue], waitMs: WAIT_MS });
    await untilWaiting();
    const { id } = await api.submit({ queue, task: 'work', delay: '3500ms' });
    expect((await polled).jobs).toMatchObject([{ id }]);
  });

  it('is answered when its queue is resumed', async () => {
    const queue = newQueue();
    await api.http.post(`/queues/${queue}/pause`);
    const polled = take(api, { queues: [queue], waitMs: WAIT_MS });
    const { id } = await api.submit({ queue, task: 'work' });
    await untilWaiting();
    await api.http.post(`/queues/${queue}/resume`);
    expect((await polled).jobs).toMatchObject([{ id }]);
  });

  it('takes from its queues in their order, and later from the first that gets a job', async () => {
    const [one, two] = [newQueue(), newQueue()];
    const [second] = await submitMany(api, two, 1);
    const [first] = await submitMany(api, one, 1);
    const both = await take(api, { queues: [one, two], max: 5, waitMs: WAIT_MS });
    expect(both.jobs.map(({ id }) => id)).toEqual([first, second]);
    for (const queue of [two, one]) {
      const polled = take(api, { queues: [one, two], waitMs: WAIT_MS });
      await untilWaiting();
      const { id } = await api.submit({ queue, task: 'work' });
      expect((await polled).jobs).toMatchObject([{ id }]);
    }
  });

  it('gets one job, and so does each of the others', async () => {
    const queue = newQueue();
    const polls = Array.from({ length: 20 }, () => take(api, { queues: [queue], waitMs: WAIT_MS }));
    await untilWaiting(20);
    const ids = await submitMany(api, queue, 20);
    const taken = await Promise.all(polls);
    expect(taken.flatMap(({ jobs }) => jobs.map(({ id }) => id)).sort()).toEqual([...ids].sort());
    expect(taken.every(({ jobs }) => jobs.length === 1)).toBe(true);
  });

  it('ends without jobs after waitMs, and leaves no lease', async () => {
    const queue = newQueue();
    const { jobs, lease } = await take(api, { queues: [queue], waitMs: 50 });
    expect(jobs).toEqual([]);
    expect((await post(api, `/leases/${lease}/heartbeat`)).status).toBe(409);
  });

  it('ends without jobs when the service stops', async () => {
    const { app, origin } = await startApi(redis.url);
    const agent = new Agent({ keepAlive: true });
    const received = once(app.server, 'request');
    const { hostname, port } = new URL(origin);
    const message = { agent, hostname, port, method: 'POST', path: '/leases', headers: JSON_TYPE };
    const polled = once(
      request(message).end(JSON.stringify({ queues: [newQueue()], waitMs: WAIT_MS })),
      'response',
    );
    await received;
    await app.close();
    const [answer] = (await polled) as [IncomingMessage];
    // A worker without a pause between polls must connect elsewhere, not poll here as fast as it can.
    expect([answer.statusCode, answer.headers.connection]).toEqual([200, 'close']);
    expect(await json(answer)).toMatchObject({ jobs: [] });
    agent.destroy();
  });

  it('gets no job once its connection is closed', async () => {
    const queue = newQueue();
    const { hostname, port } = new URL(api.origin);
    const gone = request({ hostname, port, method: 'POST', path: '/leases', headers: JSON_TYPE });
    gone.on('error', () => undefined);
    gone.end(JSON.stringify({ queues: [queue], waitMs: WAIT_MS }));
    await untilWaiting();
    const waiting = take(api, { queues: [queue], waitMs: WAIT_MS });
    await untilWaiting(2);
    gone.destroy();
    // Until the API has seen it, nobody can know that the client is gone.
    await untilWaiting();
    const { id } = await api.submit({ queue, task: 'work' });
    expect((await waiting).jobs).toMatchObject([{ id, attempt: 1 }]);
  });

  it('is refused when too many wait', async () => {
    const { app, origin } = await startApi(redis.url, { MAX_WAITERS: '1' });
    try {
      const queue = newQueue();
      const received = once(app.server, 'request');
      const polled = take({ origin }, { queues: [queue], waitMs: WAIT_MS });
      await received;
      await expect
        .poll(async () => (await post({ origin }, '/leases', { queues: [queue], waitMs: 10 })).status)
        .toBe(503);
      await api.submit({ queue, task: 'work' });
      expect((await polled).jobs).toHaveLength(1);
    } finally {
      await app.close();
    }
  });
});

it('a released job goes to the next take, of any worker', async () => {
  const queue = newQueue();
  const [first] = await submitMany(api, queue, 1);
  const held = await takeOne(api, { queues: [queue] });
  expect(held.job.id).toBe(first);
  await post(api, `/jobs/${first}/release`, { lease: held.lease, delayMs: 100 });
  expect((await takeOne(api, { queues: [queue] })).job.id).toBe(first);
});
