import { describe, expect, it } from 'vitest';
import type { QueueStats } from '../../../src/schemas/queue.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { done, newQueue, post, submitMany, take, takeOne } from '../../helpers/leases/http-worker.ts';
import { consumersOf } from '../../helpers/redis/dump.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

const stats = async (queue: string): Promise<QueueStats> =>
  (await api.http.get(`/queues/${queue}/stats`)).body as QueueStats;

describe('a job that is worked on over HTTP', () => {
  it('is returned with all its members, shown as running, and completed', async () => {
    const queue = newQueue();
    const { id } = await api.submit({
      queue,
      task: 'resize',
      payload: { url: 'x' },
      attempts: 3,
      timeout: '5s',
      key: 'customer-17',
      metadata: { a: 'b' },
    });
    const { lease, job } = await takeOne(api, { queues: [queue], worker: 'py-1@host' });
    expect(job).toMatchObject({
      id,
      queue,
      task: 'resize',
      payload: { url: 'x' },
      attempt: 1,
      maxAttempts: 3,
    });
    expect(job).toMatchObject({ timeoutMs: 5_000, key: 'customer-17', metadata: { a: 'b' } });
    expect(await api.get(id)).toMatchObject({
      status: 'running',
      worker: expect.stringMatching(/^py-1@host\./),
    });
    expect((await stats(queue)).workers).toMatchObject([{ host: 'host', running: 1 }]);
    expect(await post(api, `/jobs/${id}/progress`, { lease, progress: { percent: 40 } })).toMatchObject(
      done(id, 'running'),
    );
    expect((await api.get(id)).progress).toEqual({ percent: 40 });
    expect(await post(api, `/jobs/${id}/complete`, { lease, result: [1] })).toMatchObject(
      done(id, 'completed'),
    );
    const completed = { status: 'completed', result: [1], attempt: 1, key: 'customer-17' };
    expect(await api.get(id)).toMatchObject({ ...completed, metadata: { a: 'b' } });
    expect((await stats(queue)).latency).toMatchObject({ runMs: { p50: expect.any(Number) } });
  });

  it('wakes a client that waits for its result, and null is a result', async () => {
    const queue = newQueue();
    const waited = api.http.post('/jobs?wait=20').send({ queue, task: 'work' });
    const [{ lease, job }, answer] = await Promise.all([
      takeOne(api, { queues: [queue] }).then(async (taken) => {
        await post(api, `/jobs/${taken.job.id}/complete`, { lease: taken.lease });
        return taken;
      }),
      waited,
    ]);
    expect(lease).toContain(queue);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: job.id, status: 'completed', result: null });
  });

  it('can be renewed and settled through another API process', async () => {
    const queue = newQueue();
    const other = await startApi(redis.url);
    try {
      await api.submit({ queue, task: 'work' });
      const { lease, job } = await takeOne(api, { queues: [queue] });
      expect((await post(other, `/leases/${lease}/heartbeat`)).status).toBe(200);
      expect(await post(other, `/jobs/${job.id}/complete`, { lease })).toMatchObject(
        done(job.id, 'completed'),
      );
    } finally {
      await other.app.close();
    }
  });

  it('fails, is retried after retryInMs, and fails for good', async () => {
    const queue = newQueue();
    const { id } = await api.submit({
      queue,
      task: 'work',
      attempts: 2,
      backoff: { type: 'fixed', delay: '1h' },
    });
    const first = await takeOne(api, { queues: [queue] });
    const error = { message: 'no disk', name: 'DiskError', stack: 'at x', data: { free: 0 } };
    const failed = await post(api, `/jobs/${id}/fail`, { lease: first.lease, error, retryInMs: 50 });
    expect(failed).toMatchObject(done(id, 'retrying'));
    expect(failed.body).toMatchObject({ retryInMs: 50 });
    const second = await takeOne(api, { queues: [queue] });
    expect(second.job).toMatchObject({ id, attempt: 2 });
    const again = await post(api, `/jobs/${id}/fail`, { lease: second.lease, error: { message: 'still' } });
    expect(again).toMatchObject(done(id, 'failed'));
    expect(again.body).not.toHaveProperty('retryInMs');
    expect((await api.get(id)).errors).toMatchObject([
      { ...error, attempt: 1 },
      { message: 'still', attempt: 2 },
    ]);
  });

  it('fails for good at once when it is not retryable', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ queue, task: 'work' });
    const { lease } = await takeOne(api, { queues: [queue] });
    const body = { lease, error: { message: 'never' }, retryable: false };
    expect(await post(api, `/jobs/${id}/fail`, body)).toMatchObject(done(id, 'failed'));
    expect((await api.get(id)).status).toBe('failed');
  });

  it('is released without spending an attempt', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ queue, task: 'work' });
    const { lease } = await takeOne(api, { queues: [queue] });
    const released = done(id, 'queued');
    for (let call = 0; call < 2; call += 1)
      expect(await post(api, `/jobs/${id}/release`, { lease })).toMatchObject(released);
    expect((await api.get(id)).status).toBe('queued');
    expect((await takeOne(api, { queues: [queue] })).job).toMatchObject({ id, attempt: 1 });
  });

  it('answers each repeated call as the first time', async () => {
    const queue = newQueue();
    const calls = [
      ['complete', {}, 'completed'],
      ['fail', { error: { message: 'no' } }, 'retrying'],
      ['fail', { error: { message: 'no' }, retryable: false }, 'failed'],
      ['release', { delayMs: 60_000 }, 'retrying'],
    ] as const;
    // A failed job stays away from the takes that follow.
    const backoff = { type: 'fixed', delay: '1h' };
    for (const [verb, body, status] of calls) {
      const { id } = await api.submit({ queue, task: 'work', backoff });
      const { lease } = await takeOne(api, { queues: [queue] });
      for (let time = 0; time < 3; time += 1) {
        expect(await post(api, `/jobs/${id}/${verb}`, { lease, ...body }), verb).toMatchObject(
          done(id, status),
        );
      }
    }
    expect((await stats(queue)).totals).toMatchObject({
      completed: 1,
      retried: 1,
      failed: 1,
      staleCommits: 0,
    });
  });
});

describe('a lease that has ended', () => {
  it('is answered 409 with the status of the job, and the second result stands', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ queue, task: 'work' });
    const first = await takeOne(api, { queues: [queue], leaseMs: 1_000 });
    const second = await takeOne(api, { queues: [queue] });
    expect(second.job).toMatchObject({ id, attempt: 2 });
    const late = await post(api, `/jobs/${id}/complete`, { lease: first.lease, result: 'first' });
    expect(late).toMatchObject({ status: 409, body: { code: 'stale-lease', jobStatus: 'running' } });
    for (const [verb, more] of [
      ['fail', { error: { message: 'x' } }],
      ['release', {}],
      ['progress', { progress: 1 }],
    ] as const) {
      expect((await post(api, `/jobs/${id}/${verb}`, { lease: first.lease, ...more })).status).toBe(409);
    }
    expect((await post(api, `/leases/${first.lease}/heartbeat`)).body).toMatchObject({ code: 'stale-lease' });
    await post(api, `/jobs/${id}/complete`, { lease: second.lease, result: 'second' });
    expect(await post(api, `/jobs/${id}/complete`, { lease: first.lease, result: 'first' })).toMatchObject({
      status: 409,
      body: { jobStatus: 'completed' },
    });
    expect(await api.get(id)).toMatchObject({
      result: 'second',
      errors: [{ name: 'worker-lost', attempt: 1 }],
    });
    expect((await stats(queue)).totals).toMatchObject({ recovered: 1, staleCommits: 4 });
  });

  it('lasts as long as it is renewed', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ queue, task: 'work' });
    const { lease } = await takeOne(api, { queues: [queue], leaseMs: 1_000 });
    const renewed = await post(api, `/leases/${lease}/heartbeat`, { leaseMs: 60_000 });
    expect(Date.parse((renewed.body as { expiresAt: string }).expiresAt)).toBeGreaterThan(
      Date.now() + 30_000,
    );
    expect(renewed.body).toMatchObject({ cancel: [], directive: 'continue' });
    // Recovery runs when the first lease would have ended: the job of another lease that ends then is recovered.
    const { id: other } = await api.submit({ queue, task: 'work' });
    await takeOne(api, { queues: [queue], leaseMs: 1_000 });
    expect((await takeOne(api, { queues: [queue] })).job.id).toBe(other);
    expect(await api.get(id)).toMatchObject({ status: 'running', attempt: 1 });
    expect(await post(api, `/jobs/${id}/complete`, { lease })).toMatchObject(done(id, 'completed'));
  });

  it('leaves nothing in Redis when it ends, and neither does a poll without jobs', async () => {
    const queue = newQueue();
    const [id] = await submitMany(api, queue, 1);
    expect((await take(api, { queues: [newQueue()] })).jobs).toEqual([]);
    const { lease } = await takeOne(api, { queues: [queue] });
    expect(await consumersOf(redis, queue)).toHaveLength(1);
    await post(api, `/jobs/${id}/complete`, { lease });
    expect((await take(api, { queues: [queue] })).jobs).toEqual([]);
    expect(await consumersOf(redis, queue)).toEqual([]);
    expect(await redis.client.zcard(`mr:{${queue}}:leases`)).toBe(0);
  });
});
