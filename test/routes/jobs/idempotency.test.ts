import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import { type Answer, JSON_TYPE, NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { isOnCluster, until, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

const post = (key: string, body: object, path = '/jobs'): Promise<Answer> =>
  send(api.origin, { path, headers: { ...JSON_TYPE, 'idempotency-key': key }, body: JSON.stringify(body) });

const lines = (key: string, jobs: readonly object[]): Promise<Answer> =>
  send(api.origin, {
    path: '/jobs/batch',
    headers: { ...NDJSON_TYPE, 'idempotency-key': key },
    body: jobs.map((job) => JSON.stringify(job)).join('\n'),
  });

const submitted = async (queue: string): Promise<number> =>
  (await api.http.get(`/queues/${queue}/stats`)).body.totals.submitted;

describe('a job with an Idempotency-Key', () => {
  it('is stored once, however often and concurrently it is sent', async () => {
    const job = { task: 'echo', queue: 'once', payload: { a: 1, b: [2] } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('k', job)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(new Set(answers.map(({ headers }) => headers['location'])).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true')).toHaveLength(19);
    expect(await submitted('once')).toBe(1);
  });

  it('is the same with a quoted key, and with its members in another order', async () => {
    const first = await post('a "b" \\', { task: 'echo', queue: 'quoted', payload: { a: 1, b: 2 } });
    const second = await post('"a \\"b\\" \\\\"', { queue: 'quoted', payload: { b: 2, a: 1 }, task: 'echo' });
    expect(second.body.id).toBe(first.body.id);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(second.headers['idempotency-replayed']).toBe('true');
  });

  it('is answered with the current job, or with the ended job after a wait', async () => {
    const worker = await workerOf('now');
    const job = { task: 'echo', queue: 'now', payload: 1 };
    const { body } = await post('k', job);
    const delivery = await worker.take();
    expect((await post('k', job)).body).toMatchObject({ id: body.id, status: 'running' });
    const waiting = post('k', job, '/jobs?wait=30');
    await worker.complete(delivery, 'done');
    const answer = await waiting;
    expect([answer.status, answer.body.result]).toEqual([200, 'done']);
    expect((await post('k', job)).status).toBe(202);
  });

  it('is the same in another spelling, and another one when its numbers differ beyond what JavaScript holds', async () => {
    const raw = (payload: string): Promise<Answer> =>
      send(api.origin, {
        path: '/jobs',
        headers: { ...JSON_TYPE, 'idempotency-key': 'exact' },
        body: `{"task":"echo","queue":"exact","payload":${payload}}`,
      });
    const first = await raw('{"n":9007199254740993,"x":1.0,"t":"é"}');
    const again = await raw('{ "t": "\\u00e9", "x": 10e-1, "n": 9007199254740993 }');
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    expectProblem(await raw('{"n":9007199254740992,"x":1,"t":"é"}'), 422, 'idempotency-mismatch');
  });

  it('is known again when an older release has stored it, which had rounded its numbers', async () => {
    const body = '{"task":"echo","queue":"older","payload":{"n":9007199254740993,"x":1e400}}';
    const headers = { ...JSON_TYPE, 'idempotency-key': 'k' };
    const job = await api.submit({ task: 'echo', queue: 'older' });
    const rounded = '{"payload":{"n":9007199254740992,"x":null},"queue":"older","task":"echo"}';
    const fingerprint = createHash('sha256').update(rounded).digest('base64url');
    const [[entryId] = ['']] = await redis.client.xrange(queueKeys('mr', 'older').stream.normal, '-', '+');
    await redis.client.set(queueKeys('mr', 'older').idempotency('k'), `${fingerprint}\nn${entryId}\n`);
    const answer = await send(api.origin, { path: '/jobs', headers, body });
    expect([answer.status, answer.body.id]).toEqual([202, job.id]);
    const other = body.replace('93', '01');
    expectProblem(
      await send(api.origin, { path: '/jobs', headers, body: other }),
      422,
      'idempotency-mismatch',
    );
  });

  it('is rejected with another body, and nothing is stored', async () => {
    await post('k', { task: 'echo', queue: 'other', payload: 1 });
    expectProblem(await post('k', { task: 'echo', queue: 'other', payload: 2 }), 422, 'idempotency-mismatch');
    expectProblem(
      await post('k', { task: 'echo', queue: 'other', payload: 1, attempts: 2 }),
      422,
      'idempotency-mismatch',
    );
    expect(await submitted('other')).toBe(1);
  });

  it('is replayed even if its task is no longer announced', async () => {
    const announce = (name: string) =>
      redis.client.hset('mr:{moved}:tasks', name, JSON.stringify({ name, at: Date.now() }));
    await announce('old');
    const job = { task: 'old', queue: 'moved', delay: '1h' };
    const { body } = await post('k', job);
    await redis.client.del('mr:{moved}:tasks');
    await announce('new');
    // The API re-reads the announcements after some time.
    await until(async () => (await post(randomUUID(), job)).body.code === 'unknown-task', 'a refusal');
    expect((await post('k', job)).body).toMatchObject({ id: body.id, status: 'scheduled' });
  });

  it('leaves its key unused when it is rejected', async () => {
    expectProblem(
      await post('k', { task: 'echo', queue: 'free', delay: 1, runAt: '2026-01-31T12:00:00Z' }),
      400,
      'invalid-request',
    );
    expect((await post('k', { task: 'echo', queue: 'free' })).status).toBe(202);
  });

  it('answers 410 when its result has expired', async () => {
    const job = { task: 'echo', queue: 'gone' };
    const { body } = await post('k', job);
    await api.http.post(`/jobs/${body.id}/cancel`).expect(200);
    await api.http.delete(`/jobs/${body.id}`).expect(204);
    expectProblem(await post('k', job), 410, 'job-gone');
  });

  it('can be stored again after IDEMPOTENCY_TTL_MS', async () => {
    await post('k', { task: 'echo', queue: 'ttl' });
    const ttl = await redis.client.pttl('mr:{ttl}:idem:k');
    expect(ttl).toBeGreaterThan(86_000_000);
    expect(ttl).toBeLessThanOrEqual(86_400_000);
  });
});

describe('a bulk submit with an Idempotency-Key', () => {
  const jobs = [
    { task: 'echo', queue: 'batch', payload: 1 },
    { task: 'a b', queue: 'batch' },
    { task: 'echo', queue: 'batch2', delay: '1h' },
    { task: 'echo', queue: 'batch', payload: 2 },
  ];

  it.skipIf(isOnCluster)('is stored once with its rejections, as JSON and as lines', async () => {
    const first = await post('b', { jobs }, '/jobs/batch');
    expect(first.body.items.map(({ status }: { status: number }) => status)).toEqual([202, 400, 202, 202]);
    const again = await post('b', { jobs }, '/jobs/batch');
    const asLines = await lines('b', jobs);
    for (const { status, headers, body } of [again, asLines]) {
      expect([status, headers['idempotency-replayed']]).toEqual([207, 'true']);
      expect(body.items.map(({ id }: { id?: string }) => id)).toEqual(
        first.body.items.map(({ id }: { id?: string }) => id),
      );
      expect(body.items[1].problem).toMatchObject({
        code: 'invalid-request',
        errors: [{ pointer: '/task' }],
      });
    }
    expect([await submitted('batch'), await submitted('batch2')]).toEqual([2, 1]);
    for (const i of [0, 2, 3]) expect((await api.get(first.body.items[i].id)).task).toBe('echo');
  });

  it.skipIf(isOnCluster)('is rejected with other jobs', async () => {
    await post('c', { jobs }, '/jobs/batch');
    const atomic = '/jobs/batch?atomic=true';
    const good = jobs.filter((_, i) => i !== 1);
    expectProblem(await post('c', { jobs: good }, '/jobs/batch'), 422, 'idempotency-mismatch');
    expectProblem(await post('c', { jobs: good }, atomic), 422, 'idempotency-mismatch');
  });

  it('stores all or none when atomic, and leaves its key unused after none', async () => {
    const atomic = '/jobs/batch?atomic=true';
    expectProblem(await post('d', { jobs }, atomic), 400, 'invalid-batch');
    const good = {
      jobs: Array.from({ length: 500 }, (_, payload) => ({ task: 'echo', queue: 'all', payload })),
    };
    const answers = await Promise.all([
      post('d', good, atomic),
      post('d', good, atomic),
      post('d', good, atomic),
    ]);
    const ids = answers.map(({ body }) => body.items.map(({ id }: { id: string }) => id));
    expect(ids[1]).toEqual(ids[0]);
    expect(ids[2]).toEqual(ids[0]);
    expect(await submitted('all')).toBe(500);
  });

  it('can have a job that is nested too deeply', async () => {
    const deep = `{"jobs":[{"task":"echo","queue":"deep"},{"task":"echo","queue":"deep","payload":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`;
    const message = { path: '/jobs/batch', headers: { ...JSON_TYPE, 'idempotency-key': 'e' }, body: deep };
    for (const replayed of [undefined, 'true']) {
      const { body, headers } = await send(api.origin, message);
      expect(body.items.map(({ status }: { status: number }) => status)).toEqual([202, 400]);
      expect(headers['idempotency-replayed']).toBe(replayed);
    }
  });
});
