import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { QueueRemains, type QueueSummary } from '../../../src/schemas/queue.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { post, take } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

const remove = (queue: string, query = '') => api.http.delete(`/queues/${queue}${query}`);
const keysOf = async (queue: string) => (await redis.client.keys(`mr:{${queue}}:*`)).sort();
const putSchedule = (id: string, queue: string) =>
  api.http
    .put(`/schedules/${id}`)
    .send({ every: '1h', job: { task: 'echo', queue } })
    .expect(201);

async function names(): Promise<string[]> {
  const { body } = await api.http.get('/queues').expect(200);
  return body.items.map(({ name }: QueueSummary) => name);
}

/** Repeats a forced removal until the queue is gone; gives what was left after each request. */
async function force(queue: string): Promise<QueueRemains[]> {
  const left: QueueRemains[] = [];
  for (;;) {
    const { status, body } = await remove(queue, '?force=true');
    if (status === 204) return left;
    expect(status).toBe(202);
    expectShape(QueueRemains, body);
    left.push(body);
  }
}

describe('DELETE /queues/{name}', () => {
  it('removes an empty queue and everything of it but results and Idempotency-Keys', async () => {
    const { body: job } = await api.http
      .post('/jobs')
      .set('Idempotency-Key', 'once')
      .send({ task: 'echo', queue: 'empty', expiresIn: '1h' })
      .expect(202);
    await api.http.put('/queues/empty').send({ maxJobs: 5 }).expect(200);
    await api.http.put('/queues/empty/tasks/echo').send({}).expect(200);
    await api.http.post('/queues/empty/pause').expect(200);
    await api.http.put('/queues/empty/subscriptions/reader').send({ from: 'oldest' }).expect(201);
    await api.http.post('/queues/empty/subscriptions/reader/read').send({ max: 1 }).expect(200);
    await api.http.post(`/jobs/${job.id}/cancel`).expect(200);

    await remove('empty').expect(204);
    const [idem, result] = await keysOf('empty');
    expect([idem, result]).toEqual(['mr:{empty}:idem:once', expect.stringMatching(/:result:n/)]);
    expect(await keysOf('empty')).toHaveLength(2);
    expect(await names()).not.toContain('empty');
    // It is as any queue that was never used: empty, and a look makes nothing.
    for (const path of ['', '/stats', '/jobs', '/history']) {
      const { body } = await api.http.get(`/queues/empty${path}`).expect(200);
      expect(body.items ?? body.counts.queued).toEqual(body.items ? [] : 0);
    }
    expect(await keysOf('empty')).toHaveLength(2);
    expectProblem(await remove('empty'), 404, 'queue-not-found');
    expect(await api.get(job.id)).toMatchObject({ status: 'cancelled' });

    const again = await api.submit({ task: 'echo', queue: 'empty' });
    expect(await names()).toContain('empty');
    const { body } = await api.http.get('/queues/empty/stats').expect(200);
    expect(body).toMatchObject({
      paused: false,
      counts: { queued: 1 },
      totals: { submitted: 1, cancelled: 0 },
    });
    expect(body).not.toHaveProperty('subscriptions');
    expect((await api.get(again.id)).status).toBe('queued');
  });

  it('refuses a queue with jobs or schedules, says which, and changes nothing', async () => {
    const worker = await workerOf('full');
    const { id } = await api.submit({ task: 'echo', queue: 'full' });
    expectProblem(await remove('full'), 409, 'queue-not-empty');
    await worker.bury(await worker.take());
    const failed = await remove('full');
    expectProblem(failed, 409, 'queue-not-empty');
    expect(failed.body).toMatchObject({ counts: { failed: 1 }, schedules: [] });
    await api.http.delete(`/jobs/${id}`).expect(204);
    await api.submit({ task: 'echo', queue: 'full' });
    const delivery = await worker.take();
    expect((await remove('full')).body.counts).toMatchObject({ running: 1 });
    await worker.complete(delivery, 1);
    await putSchedule('nightly', 'full');
    const scheduled = await remove('full');
    expectProblem(scheduled, 409, 'queue-not-empty');
    expect(scheduled.body.schedules).toEqual(['nightly']);
    expect(scheduled.body.detail).toContain('nightly');
    await api.http.get('/schedules/nightly').expect(200);
    await api.http.delete('/schedules/nightly').expect(204);
    await remove('full').expect(204);
  });

  it('ends all jobs and schedules of the queue with force', async () => {
    const worker = await workerOf('forced');
    const submit = async (more: object = {}) =>
      (await api.submit({ task: 'echo', queue: 'forced', ...more })).id;
    const failed = await submit();
    await worker.bury(await worker.take());
    const retrying = await submit();
    await worker.retry(await worker.take(), 3_600_000);
    const running = await submit();
    const delivery = await worker.take();
    const waiting = [
      await submit(),
      await submit({ delay: '1h' }),
      await submit({ priority: 'critical' }),
      retrying,
    ];
    await putSchedule('first', 'forced');
    await putSchedule('second', 'forced');
    await putSchedule('elsewhere', 'other');

    const { body } = await remove('forced', '?force=true').expect(202);
    expect(body).toEqual({
      name: 'forced',
      counts: { queued: 0, scheduled: 0, running: 1, retrying: 0, failed: 0 },
      schedules: 0,
    });
    for (const id of waiting) expect((await api.get(id)).status).toBe('cancelled');
    await api.http.get(`/jobs/${failed}`).expect(410);
    for (const id of ['first', 'second']) await api.http.get(`/schedules/${id}`).expect(404);
    await api.http.get('/schedules/elsewhere').expect(200);
    expect(await redis.client.xlen('mr:{forced}:control')).toBeGreaterThan(0);
    await worker.cancel(delivery);
    expect(await force('forced')).toEqual([]);
    expect((await api.get(running)).status).toBe('cancelled');
    const left = (await keysOf('forced')).filter((key) => !key.includes(':result:'));
    // A worker that lives keeps its lease.
    expect(left).toEqual(['mr:{forced}:leases']);
  });

  it('ends at most 1,000 jobs with one request', async () => {
    const jobs = Array.from({ length: 2_300 }, () => ({ task: 'echo', queue: 'many' }));
    await api.http.post('/jobs/batch').send({ jobs }).expect(207);
    const left = await force('many');
    expect(left.map(({ counts }) => counts.queued)).toEqual([1_300, 300]);
  });

  it('never loses a job that is submitted at the same time', async () => {
    const answers = new Set<number>();
    for (let i = 0; i < 40; i += 1) {
      const removal = remove('busy').then(({ status }) => answers.add(status));
      // The submit comes at another moment of the removal in each round.
      for (let pings = 0; pings < i; pings += 1) await redis.client.ping();
      const { id } = await api.submit({ task: 'echo', queue: 'busy' });
      await removal;
      expect((await api.get(id)).status).toBe('queued');
      await until(async () => (await names()).includes('busy'), 'the queue in the list');
      await api.http.post(`/jobs/${id}/cancel`).expect(200);
    }
    expect([...answers].sort()).toEqual(expect.arrayContaining([204, 409]));
    expect([204, 404, 409]).toEqual(expect.arrayContaining([...answers]));
  });

  it('does not give the id of an ended job to a new one', async () => {
    const later = Date.now() + 3_600_000;
    await redis.client.xadd('mr:{ahead}:lane:normal', `${later}-0`, 't', 'echo', 'p', '1', 'o', '');
    await redis.client.xtrim('mr:{ahead}:lane:normal', 'MAXLEN', 0);
    const answer = await remove('ahead');
    expectProblem(answer, 409, 'queue-not-empty');
    expect(answer.body.detail).toContain('a moment ago');
  });

  it('lists a queue again that another process submits to right after', async () => {
    const other = await startApi(redis.url);
    try {
      const submit = async () => (await post(other, '/jobs', { task: 'echo', queue: 'back' })).body as Job;
      const first = await submit();
      await api.http.post(`/jobs/${first.id}/cancel`).expect(200);
      await remove('back').expect(204);
      const second = await submit();
      await until(async () => (await names()).includes('back'), 'the queue in the list');
      expect((await api.get(second.id)).status).toBe('queued');
    } finally {
      await other.app.close();
    }
  });
});

describe('a removed queue', () => {
  it('leaves nothing behind, whatever processes still write that knew it', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'late' });
    await api.http.delete('/queues/late/jobs?status=queued').expect(200);
    await remove('late').expect(204);
    await api.http.delete(`/jobs/${id}`).expect(204);
    // A reading of its counts, and the lease and tasks of a worker that was killed a moment ago.
    await redis.client.xadd('mr:{late}:samples', '*', 'a', 1);
    await redis.client.zadd('mr:{late}:leases', 1, 'killed');
    await redis.client.hset('mr:{late}:tasks', 'echo', '{}');
    await redis.client.zadd('mr:removed', Date.now() - 121_000, 'late');
    await until(
      async () => (await redis.client.zscore('mr:removed', 'late')) === null,
      'the end of the watch',
    );
    expect(await keysOf('late')).toEqual([]);
    expect(await names()).not.toContain('late');
  });

  it('is served on by a worker, which loses no lease', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'served', LEASE_MS: '1500' });
    const first = await api.submit({ task: 'echo', queue: 'served' });
    await api.finished(first.id);
    await remove('served').expect(204);
    const second = await api.submit({ task: 'echo', queue: 'served', payload: 'again' });
    expect(await api.finished(second.id)).toMatchObject({ status: 'completed', result: 'again' });
    const unknown = await api.http.post('/jobs').send({ task: 'no-such-task', queue: 'served' });
    expectProblem(unknown, 422, 'unknown-task');
    const { body } = await api.http.get('/queues/served/stats').expect(200);
    expect(body).toMatchObject({ totals: { submitted: 1, completed: 1 }, counts: { queued: 0, running: 0 } });
    expect(await worker.stop()).toBe(0);
    const faults = worker.lines.filter(({ level }) => Number(level) >= 40);
    expect(faults).toEqual([]);
  });

  it('gives its next job to an HTTP worker that waits', async () => {
    const polled = take(api, { queues: ['polled'], waitMs: 30_000 });
    await until(async () => (await names()).includes('polled'), 'the poll');
    const first = await api.submit({ task: 'echo', queue: 'polled' });
    const { lease, jobs } = await polled;
    await api.http.post(`/jobs/${first.id}/complete`).send({ lease, result: 1 }).expect(200);
    expect(jobs).toHaveLength(1);
    const again = take(api, { queues: ['polled'], waitMs: 30_000 });
    await remove('polled').expect(204);
    const second = await api.submit({ task: 'echo', queue: 'polled' });
    expect((await again).jobs.map(({ id }) => id)).toEqual([second.id]);
  });
});
