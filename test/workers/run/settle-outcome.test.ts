import { describe, expect, it } from 'vitest';
import { Job } from '../../../src/schemas/job.ts';
import { expectShape } from '../../helpers/api/expect-schema.ts';
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

const stats = async (queue: string) => (await api.http.get(`/queues/${queue}/stats`)).body;

const expectCountsToAddUp = async (queue: string) => {
  const { counts, totals } = await stats(queue);
  const open = Object.values(counts as Record<string, number>).reduce((sum, count) => sum + count, 0);
  expect(open + totals.completed + totals.cancelled + totals.expired + totals.purged).toBe(totals.submitted);
};

describe('a failing job', () => {
  it('runs again under the same id until it succeeds', async () => {
    const { id } = await api.submit({ task: 'flaky', payload: { until: 3 } });
    const job = await api.finished(id);
    expect(job).toMatchObject({ id, status: 'completed', attempt: 3, result: { attempt: 3 } });
    expect(job.errors).toMatchObject([
      { name: 'TypeError', message: 'attempt 1 failed', attempt: 1 },
      { name: 'TypeError', message: 'attempt 2 failed', attempt: 2 },
    ]);
  });

  it('is retrying until its next attempt, and failed when all attempts are spent', async () => {
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
    await expectCountsToAddUp('default');
  });

  it('obeys retryable: false and retryInMs', async () => {
    const final = await api.submit({ task: 'fail', payload: { retryable: false } });
    expect(await api.finished(final.id)).toMatchObject({ status: 'failed', attempt: 1 });
    const soon = await api.submit({ task: 'fail', payload: { retryInMs: 1 }, attempts: 3 });
    expect(await api.finished(soon.id)).toMatchObject({ status: 'failed', attempt: 3 });
  });

  it('keeps its last ten errors', async () => {
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

describe('the error of a job', () => {
  it('says what led to it, as the log does', async () => {
    const { id } = await api.submit({ task: 'refused', attempts: 1 });
    const job = await api.finished(id);
    expectShape(Job, job);
    const cause = { name: 'Error', code: 'ECONNREFUSED', message: expect.stringContaining('127.0.0.1:2') };
    expect(job.error).toMatchObject({ name: 'TypeError', message: 'fetch failed', cause });
    const line = await shared.worker.line('attempt-failed', (one) => one['job'] === id);
    expect(line['error']).toContain('fetch failed: connect ECONNREFUSED 127.0.0.1:2');
  });
});

describe('a cancelled job', () => {
  it('has the signal of its handler aborted, and no further attempt', async () => {
    const { id } = await api.submit({ task: 'hold', payload: {} });
    await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    const job = await api.finished(id);
    expect(job).toMatchObject({ status: 'cancelled', attempt: 1 });
  });

  it('completes if its handler succeeds all the same', async () => {
    const { id } = await api.submit({ task: 'hold', payload: { finish: true } });
    await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    const job = await api.finished(id);
    expect(job).toMatchObject({ status: 'completed', result: { reason: 'The job was cancelled' } });
  });

  it('ends at once while it waits for its next attempt', async () => {
    const { id } = await api.submit({ task: 'fail', payload: { retryInMs: 60_000 } });
    await waitFor(id, ({ status }) => status === 'retrying', 'retrying');
    const answer = await api.http.post(`/jobs/${id}/cancel`).expect(200);
    expect(answer.body).toMatchObject({
      status: 'cancelled',
      attempt: 1,
      errors: [{ message: 'it failed' }],
    });
    await expectCountsToAddUp('default');
  });
});
