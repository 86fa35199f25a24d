import { describe, expect, it } from 'vitest';
import { formatRef, parseJobId, type Ref } from '../../../../src/redis/job-id.ts';
import { queueKeys } from '../../../../src/redis/keys.ts';
import { Job } from '../../../../src/schemas/job.ts';
import { expectProblem, expectShape } from '../../../helpers/api/expect-schema.ts';
import { JSON_TYPE, send } from '../../../helpers/api/send.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { until, useRedis } from '../../../helpers/redis/server.ts';
import { submitter, sweepAll } from '../../../helpers/unique/submit.ts';
import { useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

const submit = submitter(api, { task: 'echo', unique: true });
function refOf(id: string): Ref {
  const parsed = parseJobId(id);
  if (parsed === undefined) throw new Error(`${id} is no id`);
  return parsed.ref;
}

const places = (queue: string) => redis.client.hlen(queueKeys('mr', queue).uniques);

describe('a unique job', () => {
  it('is stored as any other while its place is free', async () => {
    const { status, headers, body } = await submit({ queue: 'first', payload: 1, priority: 'high' });
    expectShape(Job, body);
    expect([status, headers['location'], headers['job-deduplicated']]).toEqual([
      202,
      `/jobs/${body.id}`,
      undefined,
    ]);
    expect(body).toMatchObject({ status: 'queued', priority: 'high', attempt: 0, payload: 1 });
    expect(await api.get(body.id)).toEqual(body);
  });

  it.each([{}, { delay: '1h', priority: 'low' }, { runAt: '2020-01-01T00:00:00Z', expiresIn: '1h' }])(
    'is answered with the job that has its place: %j',
    async (options) => {
      const queue = `existing-${Object.keys(options).length}`;
      const { body: first } = await submit({ queue, payload: { a: 1, b: [2] }, ...options });
      const { status, headers, body } = await submit({
        queue,
        payload: { b: [2.0], a: 1 },
        priority: 'critical',
      });
      expect([status, headers['location'], headers['job-deduplicated']]).toEqual([
        200,
        `/jobs/${first.id}`,
        'true',
      ]);
      expect(headers['etag']).toBeDefined();
      expect(body).toEqual(first);
      expect((await api.http.get(`/queues/${queue}/stats`)).body.totals.submitted).toBe(1);
    },
  );

  it('has its time and expiry as any other', async () => {
    const { body } = await submit({ queue: 'times', delay: '1h', expiresIn: '2h', priority: 'low' });
    const ms = (text: string) => Date.parse(text) - Date.parse(body.createdAt);
    expect([ms(body.runAt), ms(body.expiresAt)]).toEqual([3_600_000, 7_200_000]);
    expect(body).toMatchObject({ status: 'scheduled', priority: 'low' });
    const { body: lapsed } = await submit({ queue: 'times', expiresIn: 0, payload: 2 });
    expect((await api.get(lapsed.id)).status).toBe('expired');
  });

  it('leaves other queues, tasks, payloads and keys alone', async () => {
    const jobs = [
      {},
      { queue: 'others-2' },
      { task: 'other' },
      { payload: null, unique: { key: 'null' } },
      { payload: '1' },
      { payload: 1 },
      { unique: { key: '1' } },
      { unique: { key: '2' }, payload: 1 },
    ];
    for (const job of jobs) {
      expect((await submit({ queue: 'others', ...job })).status).toBe(202);
      expect((await submit({ queue: 'others', ...job })).status).toBe(200);
    }
    const plain = await submit({ queue: 'others', unique: undefined });
    expect(plain.status).toBe(202);
  });

  it('goes by its key, whatever the payload', async () => {
    const { body: first } = await submit({ queue: 'keyed', payload: 1, unique: { key: 'document-17' } });
    const { body } = await submit({ queue: 'keyed', payload: 2, unique: { key: 'document-17' } });
    expect(body).toEqual(first);
  });

  it('is a 409 with reject, which names the job', async () => {
    const { body: first } = await submit({ queue: 'reject' });
    const refused = await submit({ queue: 'reject', unique: { onConflict: 'reject' } });
    expectProblem(refused, 409, 'not-unique');
    expect(refused.body.jobId).toBe(first.id);
  });

  it('has its place until it has ended: through retries and recovery, until its end', async () => {
    const queue = 'moves';
    const worker = await workerOf(queue);
    const taken = async () => (await submit({ queue })).headers['job-deduplicated'] === 'true';
    const { body: first } = await submit({ queue });
    const running = await worker.take();
    expect(await taken()).toBe(true);
    await worker.retry(running, 0);
    expect(await taken()).toBe(true);
    await worker.release(await worker.take());
    expect(await taken()).toBe(true);
    await worker.complete(await worker.take(), 1);
    expect((await api.get(first.id)).status).toBe('completed');
    expect(await taken()).toBe(false);
  });

  it.each(['failed', 'cancelled', 'expired', 'removed', 'lost'] as const)(
    'frees its place when it is %s',
    async (how) => {
      const queue = `frees-${how}`;
      const worker = await workerOf(queue);
      const { body: first } = await submit({ queue, ...(how === 'expired' && { expiresIn: 0 }) });
      if (how === 'failed' || how === 'removed') await worker.bury(await worker.take());
      if (how === 'removed') await api.http.delete(`/jobs/${first.id}`).expect(204);
      if (how === 'cancelled') await api.http.post(`/jobs/${first.id}/cancel`).expect(200);
      if (how === 'expired') await api.get(first.id);
      if (how === 'lost') await redis.client.xdel(worker.keys.stream.normal, refOf(first.id).entryId);
      const { status, body } = await submit({ queue });
      expect([status, body.id === first.id]).toEqual([202, false]);
    },
  );

  it('has its place after a change, under its id', async () => {
    const { body: first } = await submit({ queue: 'changed', payload: 1 });
    await api.http.patch(`/jobs/${first.id}`).send({ payload: 2, priority: 'high' }).expect(200);
    const { headers, body } = await submit({ queue: 'changed', payload: 1 });
    expect(headers['job-deduplicated']).toBe('true');
    expect(body).toMatchObject({ id: first.id, payload: 2, priority: 'high' });
  });

  it('has its place only until it starts with until: started', async () => {
    const queue = 'started';
    const worker = await workerOf(queue);
    const job = { queue, unique: { until: 'started' } };
    const { body: first } = await submit(job);
    expect((await submit(job)).body.id).toBe(first.id);
    const running = await worker.take();
    const { status, body: second } = await submit(job);
    expect([status, second.id === first.id]).toEqual([202, false]);
    await worker.retry(running, 0);
    expect((await submit(job)).body.id).toBe(second.id);
  });

  it('has its place for a time, whatever becomes of it', async () => {
    const queue = 'throttled';
    const worker = await workerOf(queue);
    const job = { queue, unique: { for: '1h' } };
    const { body: first } = await submit(job);
    await worker.complete(await worker.take(), 'done');
    const again = await submit(job);
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ id: first.id, status: 'completed', result: 'done' });
    await api.http.delete(`/jobs/${first.id}`).expect(204);
    const removed = await submit(job);
    expectProblem(removed, 409, 'not-unique');
    expect(removed.body.jobId).toBe(first.id);
    const short = { queue, payload: 'short', unique: { for: 1 } };
    const { body: brief } = await submit(short);
    await worker.complete(await worker.take(), 1);
    await until(async () => (await submit(short)).body.id !== brief.id, 'the time to pass');
  });

  it('is one job when many submits come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => submit({ queue: 'burst' })));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
  });

  it('is awaited by all who submit it', async () => {
    const worker = await workerOf('awaited');
    const waits = [1, 2, 3].map(() => submit({ queue: 'awaited' }, { prefer: 'wait=30' }));
    await worker.complete(await worker.take(), { n: 7 });
    for (const { status, body } of await Promise.all(waits)) {
      expect([status, body.status, body.result]).toEqual([200, 'completed', { n: 7 }]);
    }
  });

  it('is answered as before to a repeated Idempotency-Key, whatever has become of its place', async () => {
    const worker = await workerOf('once');
    const key = (name: string) => ({ 'idempotency-key': name });
    const { body: first } = await submit({ queue: 'once' }, key('first'));
    const found = await submit({ queue: 'once' }, key('second'));
    expect([found.status, found.headers['job-deduplicated'], found.body.id]).toEqual([200, 'true', first.id]);
    await worker.complete(await worker.take(), 1);
    const again = await submit({ queue: 'once' }, key('second'));
    expect([again.status, again.headers['job-deduplicated'], again.headers['idempotency-replayed']]).toEqual([
      200,
      'true',
      'true',
    ]);
    expect(again.body.id).toBe(first.id);
    expectProblem(await submit({ queue: 'once', payload: 2 }, key('second')), 422, 'idempotency-mismatch');
  });

  it('respects maxJobs only where it is stored', async () => {
    await api.http.put('/queues/full').send({ maxJobs: 1 }).expect(200);
    expect((await submit({ queue: 'full' })).status).toBe(202);
    expect((await submit({ queue: 'full' })).status).toBe(200);
    expectProblem(await submit({ queue: 'full', payload: 2 }), 429, 'queue-full');
  });

  it('is unique in a rerun, too', async () => {
    const queue = 'rerun';
    const worker = await workerOf(queue);
    const { body: first } = await submit({ queue, payload: 1, unique: { key: 'k' } });
    await worker.bury(await worker.take());
    const { body: again } = await submit(
      { unique: undefined, task: undefined },
      {},
      `/jobs/${first.id}/rerun`,
    );
    const found = await submit({ unique: undefined, task: undefined }, {}, `/jobs/${first.id}/rerun`);
    expect([found.status, found.headers['job-deduplicated'], found.body.id]).toEqual([200, 'true', again.id]);
  });

  it('is a 409 when a dead letter is retried while its place is taken', async () => {
    const queue = 'retried';
    const worker = await workerOf(queue);
    const { body: first } = await submit({ queue });
    await worker.bury(await worker.take());
    const { body: second } = await submit({ queue });
    const refused = await api.http.post(`/jobs/${first.id}/retry`);
    expectProblem(refused, 409, 'not-unique');
    expect(refused.body.jobId).toBe(second.id);
    expect((await api.get(first.id)).status).toBe('failed');
    expect((await api.http.post(`/queues/${queue}/dead/retry`).send({})).body.count).toBe(0);
    await worker.complete(await worker.take(), 1);
    // The place may have been forgotten since.
    await sweepAll(redis, queue);
    expect(await places(queue)).toBe(0);
    await api.http.post(`/jobs/${first.id}/retry`).expect(202);
    expect((await submit({ queue })).body.id).toBe(first.id);
  });

  it('leaves nothing behind once it has ended', async () => {
    const queue = 'swept';
    const worker = await workerOf(queue);
    for (let payload = 0; payload < 30; payload += 1) {
      await submit({ queue, payload });
      await worker.complete(await worker.take(), 1);
    }
    // Each submit forgets some.
    expect(await places(queue)).toBeLessThan(10);
    const { body } = await submit({ queue, payload: 'open' });
    await redis.client.hset(worker.keys.uniques, { broken: '{', foreign: '{"r":"x"}', odd: '[]' });
    await sweepAll(redis, queue);
    const left = await redis.client.hvals(worker.keys.uniques);
    expect(left.map((text) => JSON.parse(text).r)).toEqual([formatRef(refOf(body.id))]);
  });
});

describe('a batch', () => {
  const batch = (jobs: object[], query = '', headers = {}) =>
    send(api.origin, {
      path: `/jobs/batch${query}`,
      headers: { ...JSON_TYPE, ...headers },
      body: JSON.stringify({ jobs }),
    });

  it('says of each unique job what became of it', async () => {
    const job = { task: 'echo', queue: 'batch', unique: true };
    const { body } = await batch([
      { ...job, payload: 1 },
      { ...job, payload: 2, priority: 'low' },
      { task: 'echo', queue: 'batch' },
    ]);
    expect(body.items.map((item: { status: number }) => item.status)).toEqual([202, 202, 202]);
    const ids = body.items.map(({ id }: { id: string }) => id);
    const lines = [
      { ...job, payload: 2 },
      { ...job, payload: 1, unique: { onConflict: 'reject' } },
    ];
    const { body: again } = await send(api.origin, {
      path: '/jobs/batch',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.map((line) => JSON.stringify(line)).join('\n'),
    });
    expect(again.items[0]).toEqual({ index: 0, status: 200, id: ids[1], deduplicated: true });
    expect(again.items[1]).toMatchObject({
      index: 1,
      status: 409,
      problem: { code: 'not-unique', jobId: ids[0] },
    });
  });

  it('refuses unique jobs where it stores all in one step', async () => {
    const jobs = [
      { task: 'echo', queue: 'steps' },
      { task: 'echo', queue: 'steps', unique: true },
    ];
    const atomic = await batch(jobs, '?atomic=true');
    expectProblem(atomic, 400, 'invalid-batch');
    expect(atomic.body.errors[0].pointer).toBe('/jobs/1/unique');
    const keyed = await batch(jobs, '', { 'idempotency-key': 'k' });
    expect(keyed.body.items.map((item: { status: number }) => item.status)).toEqual([202, 400]);
  });
});

describe('a faulty place', () => {
  it.each([
    [false, '/unique'],
    ['yes', '/unique'],
    [{ key: '' }, '/unique/key'],
    [{ key: 'k'.repeat(256) }, '/unique/key'],
    [{ until: 'never' }, '/unique/until'],
    [{ for: '1x' }, '/unique/for'],
    [{ for: '3651d' }, '/unique/for'],
    [{ onConflict: 'merge' }, '/unique/onConflict'],
    [{ other: 1 }, '/unique/other'],
  ])('is a 400: %j', async (unique, pointer) => {
    expectProblem(await submit({ queue: 'faulty', unique }), 400, 'invalid-request', [pointer]);
  });

  it('is none where a member is null', async () => {
    const { status } = await submit({ queue: 'nulls', unique: { key: null, for: null } });
    expect(status).toBe(202);
    expect((await submit({ queue: 'nulls', unique: null })).status).toBe(202);
  });
});
