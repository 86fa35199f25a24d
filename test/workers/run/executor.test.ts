import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { startWorker, useWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
const shared = useWorker(redis, { QUEUES: 'default,typed,raw' });

describe('a worker', () => {
  it('runs a job in another process and stores its result', async () => {
    const { id } = await api.submit({
      task: 'echo',
      payload: { a: [1, 'ü'] },
      key: 'customer-17',
      metadata: { of: 'test' },
    });
    const job = await api.finished(id);
    expect(job).toMatchObject({
      id,
      status: 'completed',
      attempt: 1,
      maxAttempts: 5,
      result: { a: [1, 'ü'] },
      key: 'customer-17',
      metadata: { of: 'test' },
      priority: 'normal',
    });
    expect(job.payload).toBeUndefined();
    const [, pid] = job.worker?.split('.') ?? [];
    expect(Number(pid)).not.toBe(process.pid);
    expect(Date.parse(job.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(job.createdAt));
    expect(Date.parse(job.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(job.startedAt ?? ''));
  });

  it('keeps the payload of a job with keepPayload', async () => {
    const { id } = await api.submit({ task: 'echo', payload: 'kept', keepPayload: true });
    expect(await api.finished(id)).toMatchObject({ status: 'completed', payload: 'kept', result: 'kept' });
  });

  it.each([
    ['undefined', null],
    ['null', null],
    ['text', 'täxt \u2028 "quoted"\n{"w":"x"}'],
  ])('stores a result of %s', async (name, result) => {
    const { id } = await api.submit({ task: 'values', payload: name });
    expect(await api.finished(id)).toMatchObject({ status: 'completed', result });
  });

  it.each(['bigint', 'function', 'circular'])('fails an attempt that returns a %s', async (name) => {
    const { id } = await api.submit({ task: 'values', payload: name, attempts: 1 });
    const job = await api.finished(id);
    expect(job).toMatchObject({ status: 'failed', error: { name: 'unusable-result' } });
  });

  it('passes the job to the task', async () => {
    const { id } = await api.submit({ task: 'log', payload: 'hello', queue: 'default' });
    const job = await api.finished(id);
    expect(job.result).toEqual({
      job: { id, queue: 'default', task: 'log', attempt: 1, maxAttempts: 5, lease: job.worker },
    });
    await shared.worker.line('task-log', (line) => line['text'] === 'hello' && line['job'] === id);
  });

  it.each(['metadata', 'thread-metadata'])('passes the metadata of the job: %s', async (task) => {
    const metadata = { of: 'test', schedule: 'nightly/2026-01-31T01:30:00.000Z' };
    for (const expected of [metadata, metadata, undefined]) {
      const { id } = await api.submit({ task, ...(expected && { metadata: expected }) });
      expect((await api.finished(id)).result).toEqual(expected ?? false);
    }
  });

  it('shows the progress and the worker of a running job', async () => {
    const { id } = await api.submit({ task: 'hold', payload: {} });
    const running = await until(async () => {
      const job = await api.get(id);
      return job.progress === undefined ? undefined : job;
    }, 'progress');
    expect(running).toMatchObject({ status: 'running', attempt: 1, progress: { held: true } });
    expect(running.worker).toBeDefined();
    const pending = await api.http.get('/queues/default/pending');
    expect(pending.body.items).toMatchObject([{ id, task: 'hold', worker: running.worker, attempt: 1 }]);
    const stats = await api.http.get('/queues/default/stats');
    expect(stats.body.workers).toMatchObject([{ name: running.worker, running: 1 }]);
    expect(stats.body.counts.running).toBe(1);
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    await api.finished(id);
  });

  it('checks payload and result against the schemas of the task', async () => {
    // Past the API's own check, as a job that was submitted before the worker announced its schemas.
    await redis.client.xadd('mr:{typed}:lane:normal', '*', 't', 'typed-task', 'p', '{"n":0}', 'o', '');
    const bad = await until(async () => {
      const page = await api.http.get('/queues/typed/jobs?status=queued');
      return page.body.items.find((job: Job) => job.heldBy !== undefined);
    }, 'a held job');
    expect(bad).toMatchObject({ attempt: 0, maxAttempts: 2, heldBy: 'task' });
    expect(bad).not.toHaveProperty('errors');

    const lie = await api.submit({ task: 'typed-task', queue: 'typed', payload: { n: 1, lie: true } });
    const failed = await api.finished(lie.id);
    expect(failed).toMatchObject({ status: 'failed', attempt: 2, error: { name: 'invalid-output' } });
    const good = await api.submit({ task: 'typed-task', queue: 'typed', payload: { n: 2 } });
    expect(await api.finished(good.id)).toMatchObject({ status: 'completed', result: { n: 2 } });
  });

  it('runs threaded tasks in a thread, with progress, log and errors', async () => {
    const { id } = await api.submit({ task: 'thread', payload: { log: 'from inside' } });
    const job = await api.finished(id);
    const result = job.result as { threadId: number; pid: number; job: string };
    expect(result.threadId).toBeGreaterThan(0);
    expect(result.job).toBe(id);
    await shared.worker.line('task-log', (line) => line['text'] === 'from inside');

    const failing = await api.submit({ task: 'thread', payload: { error: { retryable: false, data: 7 } } });
    expect(await api.finished(failing.id)).toMatchObject({
      status: 'failed',
      attempt: 1,
      error: { message: 'from the thread', data: 7 },
    });
  });

  it('fails an attempt that exceeds its timeout, here or in a thread', async () => {
    const polite = await api.submit({ task: 'hold', attempts: 1, timeout: 50, payload: {} });
    const stubborn = await api.submit({
      task: 'hold',
      attempts: 1,
      timeout: '50ms',
      payload: { stubborn: true },
    });
    const blocked = await api.submit({ task: 'block-thread', attempts: 1, timeout: 200 });
    for (const { id } of [polite, stubborn, blocked]) {
      expect(await api.finished(id)).toMatchObject({ status: 'failed', error: { name: 'timeout' } });
    }
    // Another thread has replaced the killed one.
    const after = await api.submit({ task: 'thread', payload: {} });
    expect(await api.finished(after.id)).toMatchObject({ status: 'completed' });
  });

  it('buries a stream entry that is not a job, and goes on', async () => {
    for (const fields of [
      ['x', 'y'],
      ['t', 'echo'],
      ['t', 'echo', 'p', '{broken', 'o', ''],
      ['t', '', 'p', '1', 'o', ''],
    ]) {
      await redis.client.xadd('mr:{raw}:lane:normal', '*', ...fields);
    }
    const jobs = await until(async () => {
      const page = await api.http.get('/queues/raw/jobs?status=failed');
      return page.body.items?.length === 4 && page.body.items;
    }, 'four failed jobs');
    for (const job of jobs) expect(job.error.name).toBe('malformed-entry');
    const { id } = await api.submit({ task: 'echo', queue: 'raw', payload: 1 });
    expect(await api.finished(id)).toMatchObject({ status: 'completed' });
  });

  it('works on several queues, with at most CONCURRENCY jobs in a process', async () => {
    await startWorker(redis.url, { QUEUES: 'one,two', CONCURRENCY: '2' });
    const jobs: Job[] = [];
    for (const queue of ['one', 'two', 'one', 'two']) {
      jobs.push(await api.submit({ task: 'hold', queue, payload: {} }));
    }
    const running = async () => {
      const states = await Promise.all(jobs.map(({ id }) => api.get(id)));
      return states.filter(({ progress }) => progress !== undefined);
    };
    await until(async () => (await running()).length === 2, 'two running jobs');
    const first = await running();
    for (const { id } of first) await api.http.post(`/jobs/${id}/cancel`);
    for (const { id } of first) await api.finished(id);
    await until(async () => (await running()).length === 2, 'the other two');
    for (const { id } of jobs) await api.http.post(`/jobs/${id}/cancel`);
    for (const { id } of jobs) expect((await api.finished(id)).status).toBe('cancelled');
  });
});
