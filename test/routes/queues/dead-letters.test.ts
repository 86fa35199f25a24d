import { describe, expect, it } from 'vitest';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

/** Failed jobs of a queue, by the task that each has. */
async function failed(queue: string, tasks: readonly string[]): Promise<string[]> {
  const worker = await workerOf(queue);
  const ids: string[] = [];
  for (const task of tasks) {
    ids.push((await api.submit({ task, queue })).id);
    await worker.bury(await worker.take());
  }
  return ids;
}

const counts = async (queue: string) => (await api.http.get(`/queues/${queue}/stats`)).body;
const statuses = async (ids: readonly string[]) =>
  Promise.all(ids.map(async (id) => (await api.http.get(`/jobs/${id}`)).body.status ?? 'gone'));

describe('a failed job', () => {
  it('runs again under its id with all its attempts and keeps its errors', async () => {
    const worker = await workerOf('again');
    const { id } = await api.submit({ task: 'echo', queue: 'again', payload: 'kept', attempts: 2 });
    await worker.retry(await worker.take(), 0);
    await worker.bury(await worker.take());
    expect(await api.get(id)).toMatchObject({ status: 'failed', attempt: 2 });
    const { body } = await api.http.post(`/jobs/${id}/retry`).expect(202);
    expect(body).toMatchObject({ id, status: 'queued', attempt: 0, payload: 'kept' });
    const delivery = await worker.take();
    expect(delivery).toMatchObject({ attempt: 1, token: 4 });
    expect(await api.get(id)).toMatchObject({ status: 'running', attempt: 1 });
    expect(await worker.complete(delivery, 'well')).toBe('done');
    expect(await worker.complete(delivery, 'well')).toBe('repeated');
    const job = await api.get(id);
    expect(job).toMatchObject({ status: 'completed', attempt: 1, result: 'well' });
    expect(job.errors?.map(({ attempt }) => attempt)).toEqual([1, 2]);
    const { totals } = await counts('again');
    expect(totals).toMatchObject({ submitted: 1, completed: 1, failed: 1 });
  });

  it('runs again after its expiry, since it has started once', async () => {
    await startWorker(redis.url, { QUEUES: 'late' });
    const { id } = await api.submit({
      task: 'fail',
      queue: 'late',
      payload: { retryable: false },
      expiresIn: 500,
    });
    const first = await api.finished(id);
    await until(() => Date.now() > Date.parse(first.createdAt) + 600, 'its time');
    await api.http.post(`/jobs/${id}/retry`).expect(202);
    const again = await api.finished(id);
    expect(again).toMatchObject({ status: 'failed', attempt: 1 });
    expect(again.errors).toHaveLength(2);
  });

  it('rejects the result of a delivery from before its retry', async () => {
    const worker = await workerOf('fenced');
    const { id } = await api.submit({ task: 'echo', queue: 'fenced' });
    const old = await worker.take();
    await worker.bury(old);
    await api.http.post(`/jobs/${id}/retry`).expect(202);
    const fresh = await worker.take();
    expect(fresh.attempt).toBe(old.attempt);
    expect(await worker.bury(old)).toBe('stale');
    expect(await worker.complete(old, 'late')).toBe('stale');
    expect(await worker.complete(fresh, 'right')).toBe('done');
    expect(await worker.complete(old, 'late')).toBe('stale');
    expect((await api.get(id)).result).toBe('right');
  });

  it.each(['queued', 'running', 'completed'])(
    'is the only one that can be retried: not one that is %s',
    async (status) => {
      const worker = await workerOf(`not-${status}`);
      const { id } = await api.submit({ task: 'echo', queue: `not-${status}` });
      const delivery = status === 'queued' ? undefined : await worker.take();
      if (status === 'completed' && delivery) await worker.complete(delivery, 1);
      const answer = await api.http.post(`/jobs/${id}/retry`);
      expectProblem(answer, 409, 'job-not-failed');
      expect(answer.body.jobStatus).toBe(status);
    },
  );

  it('answers 404 when it does not exist', async () => {
    expectProblem(await api.http.post('/jobs/default~n1-0/retry'), 404, 'job-not-found');
  });
});

describe('the dead letters of a queue', () => {
  it('are retried by task, step by step', async () => {
    const ids = await failed('steps', ['a', 'b', 'a', 'b', 'a']);
    const first = await api.http.post('/queues/steps/dead/retry').send({ task: 'a', limit: 3 }).expect(200);
    expect(first.body).toMatchObject({ count: 2, nextCursor: expect.any(String) });
    expect(await statuses(ids)).toEqual(['queued', 'failed', 'queued', 'failed', 'failed']);
    let cursor: string | undefined = first.body.nextCursor;
    let count = 0;
    for (let steps = 0; cursor !== undefined && steps < 10; steps += 1) {
      const { body } = await api.http.post('/queues/steps/dead/retry').send({ task: 'a', limit: 3, cursor });
      count += body.count;
      cursor = body.nextCursor;
    }
    expect([count, cursor]).toEqual([1, undefined]);
    expect((await counts('steps')).counts).toMatchObject({ failed: 2, queued: 3 });
  });

  it('are each retried once, even if they fail again between two steps', async () => {
    const ids = await failed('again-and-again', Array(7).fill('a'));
    const worker = await workerOf('again-and-again');
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const query: object = cursor === undefined ? {} : { cursor };
      const { body } = await api.http
        .post('/queues/again-and-again/dead/retry')
        .send({ limit: 2, ...query })
        .expect(200);
      seen.push(body.count);
      cursor = body.nextCursor;
      for (const delivery of await worker.takeNow(10)) await worker.bury(delivery);
    } while (cursor !== undefined && seen.length < 20);
    expect(seen.reduce((sum, count) => sum + count)).toBe(7);
    for (const id of ids) expect((await api.get(id)).errors).toHaveLength(2);
  });

  it('are removed by error text, and the others stay', async () => {
    const ids = await failed('purge', ['a', 'b']);
    await api.http.delete('/queues/purge/dead?error=no%20such%20text').expect(200, { count: 0 });
    await api.http.delete('/queues/purge/dead?error=it%20failed&task=b').expect(200, { count: 1 });
    expect(await statuses(ids)).toEqual(['failed', 410]);
    const { counts: left, totals } = await counts('purge');
    expect([left.failed, totals.purged, totals.submitted]).toEqual([1, 1, 2]);
    await api.http.post('/queues/purge/dead/retry').expect(200, { count: 1 });
    await (await workerOf('purge')).bury(await (await workerOf('purge')).take());
    await api.http.delete('/queues/purge/dead').expect(200, { count: 1 });
    expect(await redis.client.exists('mr:{purge}:notes', 'mr:{purge}:dead:normal')).toBe(0);
    expect(await redis.client.xlen('mr:{purge}:lane:normal')).toBe(0);
  });

  it('answer 404 for an unknown queue and 400 for an invalid selection', async () => {
    expectProblem(await api.http.delete('/queues/never/dead'), 404, 'queue-not-found');
    expectProblem(await api.http.delete('/queues/purge/dead?limit=0'), 400, 'invalid-request', ['/limit']);
    expectProblem(
      await api.http.post('/queues/purge/dead/retry').send({ tsak: 'a' }),
      400,
      'invalid-request',
      ['/tsak'],
    );
    expectProblem(
      await api.http.post('/queues/purge/dead/retry').send({ cursor: 'x' }),
      400,
      'invalid-request',
      ['/cursor'],
    );
  });
});
