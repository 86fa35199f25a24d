import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
const shared = useWorker(redis);

const waitFor = (id: string, fits: (job: Job) => boolean, what: string) =>
  until(async () => {
    const job = await api.get(id);
    return fits(job) ? job : undefined;
  }, what);

describe('a task that throws', () => {
  it.each([
    'a message that is null',
    'an object without a text',
    'a symbol',
    'a wait that is a symbol',
    'a getter that throws',
    'nothing',
  ])('%s fails its attempt as any error does', async (name) => {
    const { id } = await api.submit({ task: 'hostile', payload: name, attempts: 1 });
    const job = await api.finished(id);
    expect(job).toMatchObject({ status: 'failed', attempt: 1 });
    expect(job.errors).toHaveLength(1);
    expect(typeof job.error?.message).toBe('string');
  });

  it('an endless retry delay is capped at ten years', async () => {
    const { id } = await api.submit({ task: 'fail', payload: { retryInMs: Number.MAX_SAFE_INTEGER } });
    const job = await waitFor(id, ({ status }) => status === 'retrying', 'retrying');
    expect(Date.parse(job.runAt ?? '') - Date.now()).toBeLessThan(3_651 * 86_400_000);
    await api.http.get('/queues/default/jobs').expect(200);
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
  });
});

describe('a lease that Redis has lost', () => {
  it('aborts its jobs and releases them; they run again', async () => {
    const { id } = await api.submit({ task: 'hold', payload: {} });
    await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    const aborted = shared.worker.line(
      'attempt-ended',
      (line) => line['job'] === id && line['outcome'] === 'lost',
    );
    await redis.client.del('mr:{default}:leases');
    await aborted;
    const again = await waitFor(
      id,
      ({ status, progress }) => status === 'running' && progress !== undefined,
      'again',
    );
    expect(again.attempt).toBe(1);
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    expect((await api.finished(id)).status).toBe('cancelled');
  });
});

describe('a Redis that is full', () => {
  it('accepts no new jobs, finishes running ones, and accepts jobs again when memory is free', async () => {
    const running = await api.submit({ task: 'hold', payload: { finish: true } });
    await waitFor(running.id, ({ progress }) => progress !== undefined, 'progress');
    const failing = await api.submit({ task: 'fail', payload: { retryable: false }, delay: 300 });
    await redis.client.config('SET', 'maxmemory', '1mb');
    const refused = await api.http.post('/jobs').send({ task: 'echo' });
    expect(refused.status).toBe(503);
    expect(refused.body.code).toBe('redis-unavailable');
    await api.http.get('/queues/default/stats').expect(200);
    await api.http.post(`/jobs/${running.id}/cancel`).expect(202);
    expect(await api.finished(running.id)).toMatchObject({ status: 'completed', attempt: 1 });
    expect((await api.finished(failing.id)).status).toBe('failed');
    await redis.client.config('SET', 'maxmemory', '0');
    const { id } = await api.submit({ task: 'echo', payload: 'room' });
    expect(await api.finished(id)).toMatchObject({ status: 'completed', result: 'room' });
  });
});
