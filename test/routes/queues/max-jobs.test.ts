import { describe, expect, it } from 'vitest';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import { JSON_TYPE, NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis, { MAX_WAITERS: '2' });
const workerOf = useManualWorkers(redis);

const limit = (queue: string, maxJobs: number | null) =>
  api.http.put(`/queues/${queue}`).send({ maxJobs }).expect(200);
const jobs = (queue: string, count: number, more: object = {}) =>
  Array.from({ length: count }, () => ({ task: 'echo', queue, ...more }));
const statusesOf = ({ items }: { items: { status: number }[] }) => items.map(({ status }) => status);

describe('a queue with maxJobs', () => {
  it('answers 429 with Retry-After when it is full, and accepts jobs again when jobs end', async () => {
    const { body } = await limit('small', 3);
    expect(body).toMatchObject({ name: 'small', maxJobs: 3 });
    const worker = await workerOf('small');
    await api.submit({ task: 'echo', queue: 'small' });
    await api.submit({ task: 'echo', queue: 'small', delay: '1h' });
    await api.submit({ task: 'echo', queue: 'small', priority: 'high' });
    const rejected = await api.http.post('/jobs').send({ task: 'echo', queue: 'small' });
    expectProblem(rejected, 429, 'queue-full');
    expect(rejected.headers['retry-after']).toBe('1');
    // One that runs still counts; one that has failed does not.
    const delivery = await worker.take();
    expectProblem(await api.http.post('/jobs').send({ task: 'echo', queue: 'small' }), 429, 'queue-full');
    await worker.bury(delivery);
    await api.submit({ task: 'echo', queue: 'small' });
    expectProblem(await api.http.post('/jobs').send({ task: 'echo', queue: 'small' }), 429, 'queue-full');
    expect((await api.http.get('/queues/small/stats')).body).toMatchObject({
      maxJobs: 3,
      totals: { submitted: 4 },
    });
    await limit('small', null);
    await api.submit({ task: 'echo', queue: 'small' });
  });

  it('accepts as many jobs of a batch as fit, and all or none of an atomic one', async () => {
    await limit('batch', 3);
    const body = (count: number) => ({ jobs: jobs('batch', count) });
    expectProblem(await api.http.post('/jobs/batch?atomic=true').send(body(4)), 429, 'queue-full');
    const some = await api.http.post('/jobs/batch').send(body(5)).expect(207);
    expect(statusesOf(some.body).sort()).toEqual([202, 202, 202, 429, 429]);
    expectProblem(await api.http.post('/jobs/batch?atomic=true').send(body(1)), 429, 'queue-full');
    const lines = jobs('batch', 2).map((job) => JSON.stringify(job));
    const more = await send(api.origin, {
      path: '/jobs/batch',
      headers: NDJSON_TYPE,
      body: lines.join('\n'),
    });
    expect(statusesOf(more.body)).toEqual([429, 429]);
  });

  it('is applied by an API process that has cached the queue without it', async () => {
    const other = await startApi(redis.url);
    try {
      const post = () => send(other.origin, { headers: JSON_TYPE, body: '{"task":"echo","queue":"late"}' });
      expect((await post()).status).toBe(202);
      await limit('late', 3);
      await until(async () => (await post()).status === 429, 'a refusal');
      // It overshoots by what it takes in before it hears of it, and by nothing later.
      const { totals } = (await api.http.get('/queues/late/stats')).body;
      for (let i = 0; i < 5; i += 1) expectProblem(await post(), 429, 'queue-full');
      expect((await api.http.get('/queues/late/stats')).body.totals).toEqual(totals);
    } finally {
      await other.app.close();
    }
  });

  it('accepts jobs after others have expired, without a worker', async () => {
    await limit('lapsing', 2);
    const lapsing = { task: 'echo', queue: 'lapsing', expiresIn: 1 };
    for (let i = 0; i < 2; i += 1) await api.submit(lapsing);
    const { body } = await until(async () => {
      const answer = await api.http.post('/jobs').send({ task: 'echo', queue: 'lapsing' });
      return answer.status === 202 && answer;
    }, 'room');
    const { items } = (await api.http.get('/queues')).body;
    expect(items.find(({ name }: { name: string }) => name === 'lapsing').counts.queued).toBe(1);
    expect(body.status).toBe('queued');
  });

  it('can be set while Redis is full', async () => {
    await limit('full', 7);
    await redis.client.config('SET', 'maxmemory', '1');
    try {
      expect((await limit('full', 5)).body.maxJobs).toBe(5);
    } finally {
      await redis.client.config('SET', 'maxmemory', '0');
    }
  });

  it('replays a stored submit even when it is full', async () => {
    await limit('shared', 1);
    const other = await startApi(redis.url);
    try {
      const post = (origin: string, key: string) =>
        send(origin, {
          headers: { ...JSON_TYPE, 'idempotency-key': key },
          body: '{"task":"echo","queue":"shared"}',
        });
      const { body } = await post(other.origin, 'a');
      expectProblem(await post(api.origin, 'b'), 429, 'queue-full');
      expect((await post(api.origin, 'a')).body.id).toBe(body.id);
    } finally {
      await other.app.close();
    }
  });

  it.each([
    [{}, ''],
    [{ maxJobs: 0 }, '/maxJobs'],
    [{ maxJobs: 'x' }, '/maxJobs'],
    [{ max: 1 }, '/max'],
  ])('rejects the settings %j', async (body, pointer) => {
    const answer = await api.http.put('/queues/bad').send(body);
    expectProblem(answer, 400, 'invalid-request');
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer);
    expect(await redis.client.keys('*bad*')).toEqual([]);
  });
});

describe('a client beyond MAX_WAITERS', () => {
  it('is rejected with 503, and a submitter still gets the id of its job', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'waiters' });
    const read = () => send(api.origin, { method: 'GET', path: `/jobs/${id}?wait=50` });
    // Of those who come at once, only what is beyond the limit is rejected.
    const reads = Array.from({ length: 7 }, read);
    const rejected: Awaited<ReturnType<typeof read>>[] = [];
    for (const one of reads) void one.then((answer) => answer.status === 503 && rejected.push(answer));
    await until(() => rejected.length >= 5, 'five rejected readers');
    for (const one of rejected) {
      expectProblem(one, 503, 'too-many-waiters');
      expect(one.headers['retry-after']).toBe('1');
    }
    const headers = { ...JSON_TYPE, prefer: 'wait=50' };
    const submit = await send(api.origin, { headers, body: '{"task":"echo","queue":"waiters"}' });
    expect([submit.status, submit.headers['preference-applied']]).toEqual([202, undefined]);
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    const answers = (await Promise.all(reads)).filter(({ status }) => status === 200);
    expect(answers.map(({ body }) => body.status)).toEqual(['cancelled', 'cancelled']);
    // There is room again.
    expect((await read()).body.status).toBe('cancelled');
  });
});
