import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, startChild } from '../../../src/local/child-process.ts';
import { untilApiReady } from '../../../src/local/ready.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { type Answer, JSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { startWorker, TEST_TASKS } from '../../helpers/workers/worker-process.ts';
import { checkOutPrevious } from './previous-release.ts';

const START_MS = 60_000;
const STOP_MS = 10_000;

const redis = useRedis();
const api = useApi(redis, { LEASE_MS: '30000' });
const reaper = createOrphanReaper();
const previous = checkOutPrevious();
const children: Child[] = [];
let oldOrigin: string;
let oldWorker: Child;

async function startPrevious(name: string, file: string, env: NodeJS.ProcessEnv): Promise<Child> {
  const child = await startChild({
    name,
    command: process.execPath,
    args: ['--import', 'tsx', join(previous.dir, file)],
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'fatal', REDIS_URL: redis.url, ...env },
    reaper,
  });
  children.push(child);
  return child;
}

const post = (origin: string, path: string, body: object, headers = {}): Promise<Answer> =>
  send(origin, { path, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) });

const get = async (origin: string, path: string): Promise<Answer> => send(origin, { method: 'GET', path });

async function submit(origin: string, job: object, headers = {}): Promise<Job> {
  const answer = await post(origin, '/jobs', job, headers);
  expect(answer.status, answer.text).toBe(202);
  return answer.body as Job;
}

const read = async (origin: string, id: string): Promise<Job> =>
  (await get(origin, `/jobs/${id}`)).body as Job;

const untilStatus = (origin: string, id: string, status: Job['status']): Promise<Job> =>
  until(async () => {
    const job = await read(origin, id);
    return job.status === status && job;
  }, `${id} is ${status}`);

beforeAll(async () => {
  const port = await freePort();
  oldOrigin = `http://127.0.0.1:${port}`;
  await startPrevious('The old API', 'src/server.ts', { PORT: String(port) });
  oldWorker = await startPrevious('The old worker', 'workers/main.ts', {
    QUEUES: 'old,default',
    TASKS_DIR: TEST_TASKS,
    PROCESSES: '1',
  });
  await untilApiReady(oldOrigin, AbortSignal.timeout(START_MS));
  await until(
    async () => (await get(oldOrigin, '/queues/default/stats')).body?.workers?.length > 0,
    'the old worker has a lease',
    START_MS,
  );
}, 2 * START_MS);

afterAll(async () => {
  await Promise.all(children.map((child) => child.stop(STOP_MS)));
  reaper.end();
  previous.remove();
});

describe('a rolling upgrade', () => {
  it('reads jobs in every place that the previous release left behind, under their old ids', async () => {
    const completed = await submit(oldOrigin, { task: 'echo', payload: { n: 1 }, metadata: { a: 'b' } });
    const failed = await submit(oldOrigin, { task: 'fail', payload: null, attempts: 1 });
    const scheduled = await submit(oldOrigin, { task: 'echo', payload: 2, delay: '1h', priority: 'high' });
    const cancelled = await submit(oldOrigin, { task: 'echo', payload: 3, delay: '1h' });
    const queued = await submit(oldOrigin, { queue: 'idle', task: 'echo', payload: 4, expiresIn: '1h' });
    await post(oldOrigin, `/jobs/${cancelled.id}/cancel`, {});
    await untilStatus(oldOrigin, completed.id, 'completed');
    await untilStatus(oldOrigin, failed.id, 'failed');
    for (const { id } of [completed, failed, scheduled, cancelled, queued]) {
      expect(await read(api.origin, id)).toEqual(await read(oldOrigin, id));
    }
    const retried = await post(api.origin, `/jobs/${failed.id}/retry`, {});
    expect(retried.status, retried.text).toBe(202);
    await untilStatus(oldOrigin, failed.id, 'failed');
  });

  it('runs jobs of the new API on the old worker, and of the old API on a new worker', async () => {
    const forOld = await submit(api.origin, { queue: 'old', task: 'echo', payload: 'to the old worker' });
    expect(await untilStatus(api.origin, forOld.id, 'completed')).toMatchObject({
      result: 'to the old worker',
    });
    const changed = await submit(api.origin, { queue: 'old', task: 'echo', payload: 'before', delay: '1h' });
    const change = { method: 'PATCH', path: `/jobs/${changed.id}`, headers: JSON_TYPE };
    const body = JSON.stringify({ payload: 'after', delay: 0, attempts: 'unlimited' });
    expect((await send(api.origin, { ...change, body })).status).toBe(200);
    expect(await untilStatus(api.origin, changed.id, 'completed')).toMatchObject({ result: 'after' });
    const newWorker = await startWorker(redis.url, { QUEUES: 'new' });
    const forNew = await submit(oldOrigin, { queue: 'new', task: 'echo', payload: 'to the new worker' });
    expect(await untilStatus(oldOrigin, forNew.id, 'completed')).toMatchObject({
      result: 'to the new worker',
    });
    await newWorker.stop();
  });

  it('keeps leases over HTTP, and Idempotency-Keys, whichever release serves a request', async () => {
    const pairs = [
      [oldOrigin, api.origin],
      [api.origin, oldOrigin],
    ] as const;
    for (const [first, second] of pairs) {
      const queue = first === oldOrigin ? 'lease-old' : 'lease-new';
      const once = { 'idempotency-key': `key-${queue}` };
      const { id } = await submit(first, { queue, task: 'resize', payload: { width: 640 } }, once);
      const repeated = await post(second, '/jobs', { queue, task: 'resize', payload: { width: 640 } }, once);
      expect(repeated.body.id).toBe(id);
      const { body: taken } = await post(first, '/leases', { queues: [queue], max: 1, leaseMs: 30_000 });
      expect(taken.jobs).toMatchObject([{ id, attempt: 1 }]);
      const beat = await post(second, `/leases/${taken.lease}/heartbeat`, {});
      expect(beat.status, beat.text).toBe(200);
      const settled = await post(second, `/jobs/${id}/complete`, { lease: taken.lease, result: 'done' });
      expect(settled.status, settled.text).toBe(200);
      expect(await read(first, id)).toMatchObject({ status: 'completed', result: 'done' });
    }
  });

  it('shows schedules and subscriptions of the previous release, and fires the schedules', async () => {
    const put = await send(oldOrigin, {
      method: 'PUT',
      path: '/schedules/every-second',
      headers: JSON_TYPE,
      body: JSON.stringify({ every: '1s', job: { task: 'echo', queue: 'old' } }),
    });
    expect(put.status, put.text).toBe(201);
    const subscribed = await send(oldOrigin, {
      method: 'PUT',
      path: '/queues/old/subscriptions/audit',
      headers: JSON_TYPE,
      body: JSON.stringify({ from: 'oldest' }),
    });
    expect(subscribed.status, subscribed.text).toBe(201);
    const schedule = await until(async () => {
      const { body } = await get(api.origin, '/schedules/every-second');
      return body.runs > 1 && body;
    }, 'the schedule fires');
    expect(schedule).toMatchObject({ id: 'every-second', skipped: 0 });
    const events = await post(api.origin, '/queues/old/subscriptions/audit/read', { max: 10 });
    expect(events.status, events.text).toBe(200);
    expect(events.body.events.length).toBeGreaterThan(0);
  });

  it('takes over from a worker of the previous release that was killed', async () => {
    const held = await submit(api.origin, { queue: 'old', task: 'hold', payload: {} });
    const running = await untilStatus(api.origin, held.id, 'running');
    oldWorker.signal('SIGKILL');
    await oldWorker.exited;
    const newWorker = await startWorker(redis.url, { QUEUES: 'old' });
    await until(async () => {
      const job = await read(api.origin, held.id);
      return job.status === 'running' && job.worker !== running.worker;
    }, 'the job runs on the new worker');
    await post(api.origin, `/jobs/${held.id}/cancel`, {});
    await untilStatus(api.origin, held.id, 'cancelled');
    await newWorker.stop();
  });
});
