import { describe, expect, it } from 'vitest';
import { Job } from '../../../../src/schemas/job.ts';
import { expectProblem, expectShape } from '../../../helpers/api/expect-schema.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { submitter } from '../../../helpers/unique/submit.ts';
import { useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

const submit = submitter(api, { task: 'echo', unique: true });

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
