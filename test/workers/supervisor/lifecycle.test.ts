import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { isAlive, spawnWorker, startWorker, useWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis, { QUEUES: 'default,delayed', LEASE_MS: '2000' });

const waitFor = (id: string, fits: (job: Job) => boolean, what: string) =>
  until(async () => {
    const job = await api.get(id);
    return fits(job) ? job : undefined;
  }, what);

const stats = async (queue: string) => (await api.http.get(`/queues/${queue}/stats`)).body;

const countsAddUp = async (queue: string) => {
  const { counts, totals } = await stats(queue);
  const here = Object.values(counts as Record<string, number>).reduce((sum, count) => sum + count, 0);
  expect(here + totals.completed + totals.cancelled + totals.expired + totals.purged).toBe(totals.submitted);
};

describe('retries', () => {
  it('runs a failing job again under the same id until it succeeds', async () => {
    const { id } = await api.submit({ task: 'flaky', payload: { until: 3 } });
    const job = await api.finished(id);
    expect(job).toMatchObject({ id, status: 'completed', attempt: 3, result: { attempt: 3 } });
    expect(job.errors).toMatchObject([
      { name: 'TypeError', message: 'attempt 1 failed', attempt: 1 },
      { name: 'TypeError', message: 'attempt 2 failed', attempt: 2 },
    ]);
  });

  it('shows a job that waits for its next attempt, and ends it as failed when all are spent', async () => {
    const { id } = await api.submit({
      task: 'fail',
      payload: {},
      attempts: 2,
      backoff: { type: 'fixed', delay: 300, jitter: 0 },
    });
    const waiting = await waitFor(id, ({ status }) => status === 'retrying', 'retrying');
    expect(waiting).toMatchObject({ attempt: 1, errors: [{ message: 'it failed' }] });
    expect(Date.parse(waiting.runAt ?? '')).toBeGreaterThan(Date.parse(waiting.createdAt));
    const job = await api.finished(id);
    expect(job).toMatchObject({ status: 'failed', attempt: 2, error: { message: 'it failed', attempt: 2 } });
    expect(job.errors).toHaveLength(2);
    expect(job.payload).toEqual({});
    expect(job.finishedAt).toBeDefined();
    await countsAddUp('default');
  });

  it('obeys retryable: false and retryInMs', async () => {
    const final = await api.submit({ task: 'fail', payload: { retryable: false } });
    expect(await api.finished(final.id)).toMatchObject({ status: 'failed', attempt: 1 });
    const soon = await api.submit({ task: 'fail', payload: { retryInMs: 1 }, attempts: 3 });
    expect(await api.finished(soon.id)).toMatchObject({ status: 'failed', attempt: 3 });
  });

  it('keeps the last ten errors', async () => {
    const { id } = await api.submit({
      task: 'fail',
      payload: {},
      attempts: 12,
      backoff: { type: 'fixed', delay: 1 },
    });
    const { errors } = await api.finished(id);
    expect(errors?.map(({ attempt }) => attempt)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });
});

describe('delayed jobs', () => {
  it('start within 100 ms of their time while a worker is free', async () => {
    const delays = [0, 40, 150, 400, 700, 1_100, 1_900, 2_600, 3_500];
    const jobs = await Promise.all(
      delays.map((delay) => api.submit({ task: 'echo', queue: 'delayed', payload: delay, delay })),
    );
    const late: number[] = [];
    for (const { id } of jobs) {
      const job = await api.finished(id);
      late.push(Date.parse(job.startedAt ?? '') - Date.parse(job.runAt ?? job.createdAt));
    }
    for (const ms of late) expect(ms).toBeGreaterThanOrEqual(0);
    // The claim is about an idle machine; the best of those that had to wait shows it on a busy one, too.
    expect(Math.min(...late.slice(2))).toBeLessThan(100);
  });

  it('show as scheduled, and start at runAt', async () => {
    const at = new Date(Date.now() + 500).toISOString();
    const { id, status, runAt } = await api.submit({ task: 'echo', queue: 'delayed', runAt: at });
    expect({ status, runAt }).toEqual({ status: 'scheduled', runAt: at });
    const job = await api.finished(id);
    expect(Date.parse(job.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(at));
  });
});

describe('cancel', () => {
  it('fires the signal of a running handler; no attempt follows', async () => {
    const { id } = await api.submit({ task: 'hold', payload: {} });
    await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    const job = await api.finished(id);
    expect(job).toMatchObject({ status: 'cancelled', attempt: 1 });
  });

  it('lets a handler that succeeds all the same complete', async () => {
    const { id } = await api.submit({ task: 'hold', payload: { finish: true } });
    await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    const job = await api.finished(id);
    expect(job).toMatchObject({ status: 'completed', result: { reason: 'The job was cancelled' } });
  });

  it('ends a job that waits for its next attempt', async () => {
    const { id } = await api.submit({ task: 'fail', payload: { retryInMs: 60_000 } });
    await waitFor(id, ({ status }) => status === 'retrying', 'retrying');
    const answer = await api.http.post(`/jobs/${id}/cancel`).expect(200);
    expect(answer.body).toMatchObject({
      status: 'cancelled',
      attempt: 1,
      errors: [{ message: 'it failed' }],
    });
    await countsAddUp('default');
  });
});

describe('pause', () => {
  it('keeps jobs where they are until resumed', async () => {
    await api.http.post('/queues/default/pause').expect(200);
    const { id } = await api.submit({ task: 'echo', payload: 1 });
    const due = await api.submit({ task: 'echo', payload: 2, delay: 1 });
    const other = await api.submit({ task: 'echo', queue: 'delayed', payload: 3 });
    // The other queue of the same worker goes on, so the worker has looked at both.
    expect((await api.finished(other.id)).status).toBe('completed');
    expect((await stats('default')).paused).toBe(true);
    expect((await api.get(id)).attempt).toBe(0);
    expect((await api.get(due.id)).attempt).toBe(0);
    await api.http.post('/queues/default/resume').expect(200);
    expect(await api.finished(id)).toMatchObject({ status: 'completed', attempt: 1 });
    expect(await api.finished(due.id)).toMatchObject({ status: 'completed', attempt: 1 });
  });
});

describe('priorities', () => {
  it('drain by urgency, with a small share for lower lanes', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mr-order-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const file = join(dir, 'order.txt');
    for (const priority of ['low', 'normal', 'high', 'critical']) {
      for (let i = 0; i < 20; i += 1) {
        await api.submit({ task: 'order', queue: 'lanes', priority, payload: { file, note: priority } });
      }
    }
    const worker = await startWorker(redis.url, { QUEUES: 'lanes', CONCURRENCY: '1' });
    await until(async () => (await stats('lanes')).totals.completed === 80, 'all jobs');
    const order = (await readFile(file, 'utf8')).trim().split('\n');
    expect(order.slice(0, 16)).toEqual(Array(16).fill('critical'));
    const first = (priority: string) => order.indexOf(priority);
    const last = (priority: string) => order.lastIndexOf(priority);
    expect(last('critical')).toBeLessThan(last('high'));
    expect(last('high')).toBeLessThan(last('normal'));
    // Nothing starves: the lowest lane is served before the lanes above it are empty.
    expect(first('normal')).toBeLessThan(last('high'));
    expect(first('low')).toBeLessThan(last('normal'));
    expect(await worker.stop()).toBe(0);
  });
});

describe('a stop', () => {
  it('lets running jobs finish, hands back what has not started, and exits 0', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'stop', CONCURRENCY: '1' });
    const running = await api.submit({ task: 'hold', queue: 'stop', payload: { finish: true } });
    await waitFor(running.id, ({ status }) => status === 'running', 'running');
    const waiting = await api.submit({ task: 'echo', queue: 'stop', payload: 1 });
    const stopped = worker.stop();
    await worker.line('stopping');
    // It ends by itself only now, so that the worker stops while it runs.
    await api.http.post(`/jobs/${running.id}/cancel`).expect(202);
    expect(await stopped).toBe(0);
    expect(await api.get(running.id)).toMatchObject({ status: 'completed', attempt: 1 });
    expect(await api.get(waiting.id)).toMatchObject({ status: 'queued', attempt: 0 });
    const leases = await redis.client.zcard('mr:{stop}:leases');
    expect(leases).toBe(0);
    await startWorker(redis.url, { QUEUES: 'stop' });
    expect(await api.finished(waiting.id)).toMatchObject({ status: 'completed', attempt: 1 });
  });

  it('aborts what outlives the grace and hands it back without spending an attempt', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'grace', SHUTDOWN_GRACE_MS: '200' });
    const { id } = await api.submit({ task: 'hold', queue: 'grace', payload: {} });
    await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    expect(await worker.stop()).toBe(0);
    const job = await api.get(id);
    expect(job).toMatchObject({ status: 'retrying', attempt: 0 });
    expect(job.errors).toBeUndefined();
    await startWorker(redis.url, { QUEUES: 'grace' });
    await waitFor(id, ({ status, attempt }) => status === 'running' && attempt === 1, 'first attempt again');
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    await api.finished(id);
  });

  it('is cut short by a second signal', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'twice', SHUTDOWN_GRACE_MS: '3600000' });
    const { id } = await api.submit({ task: 'hold', queue: 'twice', payload: {} });
    await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    worker.process.kill('SIGTERM');
    await worker.line('stopping');
    expect(await worker.stop('SIGTERM')).toBe(0);
    expect(await api.get(id)).toMatchObject({ status: 'retrying', attempt: 0 });
  });
});

describe('a lost worker', () => {
  it('loses its jobs to others when its lease ends; each loss is an attempt', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'lost', LEASE_MS: '2000' });
    const { id } = await api.submit({ task: 'hold', queue: 'lost', payload: {} });
    const first = await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    const childPid = pidOf(first);
    await startWorker(redis.url, { QUEUES: 'lost', LEASE_MS: '2000' });
    // Stopped first, so that it cannot hand the job back when it sees that its parent is gone.
    process.kill(childPid, 'SIGSTOP');
    await worker.stop('SIGKILL');
    const second = await waitFor(id, (job) => job.status === 'running' && job.attempt === 2, 'attempt 2');
    expect(second.worker).not.toBe(first.worker);
    expect(second.errors).toMatchObject([{ name: 'worker-lost', attempt: 1 }]);
    process.kill(childPid, 'SIGCONT');
    await until(() => !isAlive(childPid), 'the end of the orphan');
    // The zombie could not settle what it had lost.
    expect(await api.get(id)).toMatchObject({ status: 'running', attempt: 2, worker: second.worker });
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    expect((await api.finished(id)).status).toBe('cancelled');
  });

  it('stops its processes when their parent is killed; they hand back what they run', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'orphan', LEASE_MS: '60000' });
    const { id } = await api.submit({ task: 'hold', queue: 'orphan', payload: {} });
    const first = await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    await worker.stop('SIGKILL');
    await until(() => !isAlive(pidOf(first)), 'the end of the orphan');
    expect(await api.get(id)).toMatchObject({ status: 'retrying', attempt: 0 });
  });

  it('is replaced when one of its processes dies; a job that kills it ends as worker-lost', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'poison', LEASE_MS: '60000' });
    const { id } = await api.submit({ task: 'die', payload: 'exit', queue: 'poison', attempts: 2 });
    const job = await api.finished(id);
    expect(job).toMatchObject({ status: 'failed', attempt: 2, error: { name: 'worker-lost' } });
    expect(job.errors).toHaveLength(2);
    const after = await api.submit({ task: 'echo', queue: 'poison', payload: 'still here' });
    expect(await api.finished(after.id)).toMatchObject({ status: 'completed' });
    expect((await stats('poison')).totals.recovered).toBe(2);
    expect(await worker.stop()).toBe(0);
  });

  it('keeps a job whose handler blocks the event loop for longer than the lease', async () => {
    const { id } = await api.submit({ task: 'block', payload: { ms: 3_500 }, attempts: 1 });
    expect(await api.finished(id)).toMatchObject({ status: 'completed', attempt: 1 });
  });
});

describe('a start', () => {
  it('fails with the files and the reasons when tasks cannot be loaded', async () => {
    const worker = spawnWorker(redis.url, { TASKS_DIR: join(tmpdir(), 'mr-no-such-folder') });
    const code = await new Promise((resolve) => worker.process.once('exit', resolve));
    expect(code).toBe(1);
    expect(worker.stderr).toContain('mr-no-such-folder');
  });

  it('fails with every wrong variable at once', async () => {
    const worker = spawnWorker(redis.url, { QUEUES: 'a:b', CONCURRENCY: 'many' });
    const code = await new Promise((resolve) => worker.process.once('exit', resolve));
    expect(code).toBe(1);
    expect(worker.stderr).toMatch(/QUEUES is "a:b".*\n.*CONCURRENCY is "many"/);
  });
});

const pidOf = (job: Job): number => Number(job.worker?.split('.')[1]);
