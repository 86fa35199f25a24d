import { describe, expect, it } from 'vitest';
import { sweepHolds } from '../../../src/lifecycle/scripts/holds/sweep-holds.ts';
import { SWEEP_START, type SweepPosition, sweep } from '../../../src/lifecycle/scripts/sweep.ts';
import { parseJobId } from '../../../src/redis/job-id.ts';
import { GROUP, queueKeys } from '../../../src/redis/keys.ts';
import { Job, type Job as JobShape } from '../../../src/schemas/job.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { type Answer, JSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { post, take, takeOne } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { type ManualWorker, useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

const patch = (id: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  send(api.origin, {
    method: 'PATCH',
    path: `/jobs/${id}`,
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(body),
  });

/** Changes a job; the answer must be the changed job, which a read shows, too. */
async function change(id: string, body: object): Promise<JobShape> {
  const answer = await patch(id, body);
  expect(answer.status, answer.text).toBe(200);
  expectShape(Job, answer.body);
  expect(answer.body.id).toBe(id);
  expect(await api.get(id)).toEqual(answer.body);
  return answer.body;
}

const etagOf = async (id: string): Promise<string> =>
  (await api.http.get(`/jobs/${id}`)).headers['etag'] ?? '';
const statsOf = async (queue: string) => (await api.http.get(`/queues/${queue}/stats`)).body;
const listOf = async (queue: string) => (await api.http.get(`/queues/${queue}/jobs`)).body.items;
const payloadOf = ({ fields }: { fields: string[] }) => JSON.parse(fields[3] ?? '');

const hold = (lease: string, queue: string) => take(api, { queues: [queue], tasks: [lease] });

/** Makes a job that waits, in each place where it can. */
const WAITING: Readonly<Record<string, (worker: ManualWorker, queue: string) => Promise<JobShape>>> = {
  'in a lane': (_worker, queue) => api.submit({ task: 'echo', queue, payload: 'old' }),
  'for its time': (_worker, queue) => api.submit({ task: 'echo', queue, payload: 'old', delay: '1h' }),
  'after its time': (_worker, queue) =>
    api.submit({ task: 'echo', queue, payload: 'old', runAt: '2020-01-01T00:00:00Z' }),
  'after a worker gave it back': async (worker, queue) => {
    const job = await api.submit({ task: 'echo', queue, payload: 'old' });
    await worker.release(await worker.take());
    return job;
  },
  'for a worker that can run it': async (_worker, queue) => {
    const job = await api.submit({ task: 'echo', queue, payload: 'old' });
    await hold('other', queue);
    expect((await api.get(job.id)).heldBy).toBe('task');
    return job;
  },
  'after an earlier change': async (_worker, queue) => {
    const job = await api.submit({ task: 'echo', queue, payload: 'older' });
    return change(job.id, { payload: 'old' });
  },
};

describe('PATCH /jobs/{id} of a job that waits', () => {
  it.each(Object.entries(WAITING))('%s changes all that a submit could have said', async (place, make) => {
    const queue = `all-${place.replaceAll(' ', '-')}`;
    const worker = await workerOf(queue);
    const job = await make(worker, queue);
    const etag = await etagOf(job.id);
    const changed = await change(job.id, {
      payload: { new: [1] },
      priority: 'high',
      delay: 0,
      attempts: 'unlimited',
      timeout: '5s',
      expiresIn: '2h',
      metadata: { by: 'test' },
    });
    expect(changed).toMatchObject({
      status: 'queued',
      payload: { new: [1] },
      priority: 'high',
      maxAttempts: 'unlimited',
      metadata: { by: 'test' },
      createdAt: job.createdAt,
      attempt: 0,
    });
    expect(changed.heldBy).toBeUndefined();
    expect(Math.abs(Date.parse(changed.expiresAt ?? '') - Date.now() - 7_200_000)).toBeLessThan(60_000);
    expect(await etagOf(job.id)).not.toBe(etag);
    expect(await listOf(queue)).toEqual([changed]);
    const stats = await statsOf(queue);
    expect(stats).toMatchObject({
      counts: { queued: 1, scheduled: 0, retrying: 0 },
      lanes: { high: 1, normal: 0 },
    });
    expect(stats.totals.submitted).toBe(1);
    const { lease, job: leased } = await takeOne(api, { queues: [queue] });
    expect(leased).toMatchObject({
      id: job.id,
      payload: { new: [1] },
      attempt: 1,
      maxAttempts: 'unlimited',
      timeoutMs: 5_000,
      metadata: { by: 'test' },
      createdAt: job.createdAt,
    });
    expect((await api.http.get(`/queues/${queue}/pending`)).body.items).toMatchObject([{ id: job.id }]);
    await post(api, `/jobs/${job.id}/complete`, { lease, result: 7 });
    expect(await api.get(job.id)).toMatchObject({
      id: job.id,
      status: 'completed',
      result: 7,
      createdAt: job.createdAt,
    });
    expect((await statsOf(queue)).totals).toMatchObject({ submitted: 1, completed: 1, staleCommits: 0 });
  });

  it.each(Object.entries(WAITING))('%s leaves alone what it does not name', async (place, make) => {
    const queue = `some-${place.replaceAll(' ', '-')}`;
    const job = await make(await workerOf(queue), queue);
    const before = await api.get(job.id);
    const { payload, runAt: _, heldBy: __, ...rest } = await change(job.id, { payload: 'new' });
    const { payload: ___, runAt: ____, heldBy: _____, ...restBefore } = before;
    expect([payload, rest]).toEqual(['new', restBefore]);
    const other = await change(job.id, { metadata: { a: 'b' } });
    expect(other).toMatchObject({ payload: 'new', metadata: { a: 'b' } });
    expect(await patch(job.id, {})).toMatchObject({ status: 200, body: other });
  });

  it('keeps its expiry to the millisecond, and expires it at that time', async () => {
    const job = await api.submit({ task: 'echo', queue: 'expiry', expiresIn: '1h' });
    expect((await change(job.id, { payload: 1 })).expiresAt).toBe(job.expiresAt);
    expect((await change(job.id, { priority: 'low' })).expiresAt).toBe(job.expiresAt);
    const { body } = await patch(job.id, { expiresIn: 0 });
    expect(body).toMatchObject({ id: job.id, status: 'expired' });
  });

  it('sets another time, and waits for it', async () => {
    const worker = await workerOf('times');
    const job = await api.submit({ task: 'echo', queue: 'times', priority: 'low' });
    const later = await change(job.id, { delay: '1h' });
    expect(later).toMatchObject({ status: 'scheduled', priority: 'low' });
    expect(await worker.takeNow()).toEqual([]);
    const runAt = '2099-12-31T00:00:00.000Z';
    expect(await change(job.id, { runAt })).toMatchObject({ status: 'scheduled', runAt });
    expect(await change(job.id, { priority: 'critical' })).toMatchObject({ runAt, priority: 'critical' });
    expect(await change(job.id, { delay: 0 })).toMatchObject({ status: 'queued', priority: 'critical' });
    expect(await worker.takeNow()).toHaveLength(1);
  });

  it('wakes an idle HTTP worker for a job that is to run now', async () => {
    const job = await api.submit({ task: 'echo', queue: 'wakes', delay: '1h' });
    const taken = takeOne(api, { queues: ['wakes'], waitMs: 30_000 });
    expect((await patch(job.id, { delay: 0 })).status).toBe(200);
    expect((await taken).job.id).toBe(job.id);
  });

  it('keeps payloads as text', async () => {
    const job = await api.submit({ task: 'echo', queue: 'text' });
    const body = '{"payload":{"n":9007199254740993,"x":1e400,"y":-0}}';
    const answer = await send(api.origin, {
      method: 'PATCH',
      path: `/jobs/${job.id}`,
      headers: JSON_TYPE,
      body,
    });
    expect(answer.text).toContain(body.slice(1, -1));
    expect((await api.http.get(`/jobs/${job.id}`)).text).toContain(body.slice(1, -1));
  });
});

describe('a changed job', () => {
  it('has its id in events, and tells those who wait for a change', async () => {
    const worker = await workerOf('events');
    const { id } = await api.submit({ task: 'echo', queue: 'events' });
    const seen = await etagOf(id);
    const waiting = api.http.get(`/jobs/${id}?wait=30`).set('if-none-match', seen);
    const answer = waiting.then(({ body }) => body);
    await change(id, { payload: 2 });
    expect(await answer).toMatchObject({ id, payload: 2 });
    const ended = api.http.get(`/jobs/${id}?wait=30`).then(({ body }) => body);
    const delivery = await worker.take();
    await worker.progress(delivery, 1);
    await worker.retry(delivery, 0);
    await worker.complete(await worker.take(), 'done');
    expect(await ended).toMatchObject({ id, status: 'completed', result: 'done' });
    const { body } = await api.http.get('/queues/events/history?limit=100');
    expect(body.items.map((event: { type: string; job: string }) => [event.type, event.job])).toEqual(
      ['changed', 'started', 'progress', 'retrying', 'started', 'completed'].map((type) => [type, id]),
    );
  });

  it('gives its result to the client that submitted it and waits', async () => {
    const worker = await workerOf('awaited');
    const answer = send(api.origin, {
      path: '/jobs?wait=30',
      headers: JSON_TYPE,
      body: JSON.stringify({ task: 'echo', queue: 'awaited', delay: '1h' }),
    });
    const [job] = await until(async () => {
      const { status, body } = await api.http.get('/queues/awaited/jobs');
      return status === 200 && body.items.length > 0 && (body.items as JobShape[]);
    }, 'the job');
    await change(job?.id ?? '', { delay: 0, payload: 1 });
    await worker.complete(await worker.take(), 'done');
    expect(await answer).toMatchObject({ status: 200, body: { id: job?.id, result: 'done' } });
  });

  it('can fail, be retried by hand, fail again and be purged, by its id or with others', async () => {
    const worker = await workerOf('dead');
    const { id } = await api.submit({ task: 'echo', queue: 'dead' });
    await change(id, { payload: 'new' });
    await worker.bury(await worker.take());
    expect(await api.get(id)).toMatchObject({ id, status: 'failed', payload: 'new' });
    await api.http.post(`/jobs/${id}/retry`).expect(202);
    await worker.bury(await worker.take());
    expect((await api.http.post('/queues/dead/dead/retry')).body).toMatchObject({ count: 1 });
    await worker.bury(await worker.take());
    expect((await api.http.delete('/queues/dead/dead')).body).toMatchObject({ count: 1 });
    expectProblem(await api.http.get(`/jobs/${id}`), 410, 'job-gone');
  });

  it('can be cancelled while it waits and while it runs, removed, and run again', async () => {
    const worker = await workerOf('ends');
    const waiting = await api.submit({ task: 'echo', queue: 'ends', keepPayload: true, expiresIn: '1h' });
    await change(waiting.id, { payload: 'kept' });
    const cancelled = await api.http.post(`/jobs/${waiting.id}/cancel`).expect(200);
    expect(cancelled.body).toMatchObject({ id: waiting.id, status: 'cancelled', payload: 'kept' });
    const again = await api.http.post(`/jobs/${waiting.id}/rerun`).expect(202);
    expect(again.body).toMatchObject({ payload: 'kept', rerunOf: waiting.id });
    expect(Date.parse(again.body.expiresAt) - Date.parse(again.body.createdAt)).toBe(3_600_000);
    await api.http.delete(`/jobs/${waiting.id}`).expect(204);
    expectProblem(await api.http.get(`/jobs/${waiting.id}`), 410, 'job-gone');

    await change(again.body.id, { metadata: { x: 'y' } });
    const delivery = await worker.take();
    await api.http.post(`/jobs/${again.body.id}/cancel`).expect(202);
    await worker.cancel(delivery);
    expect(await api.get(again.body.id)).toMatchObject({ id: again.body.id, status: 'cancelled' });
  });

  it('is asked to stop by its id under an HTTP lease, whose reports are known by that id', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'leased' });
    await change(id, { payload: 2 });
    const { lease } = await takeOne(api, { queues: ['leased'] });
    expect(await post(api, `/jobs/${id}/progress`, { lease, progress: 5 })).toMatchObject({ status: 200 });
    expect((await api.get(id)).progress).toBe(5);
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    expect((await post(api, `/leases/${lease}/heartbeat`)).body.cancel).toEqual([id]);
    const report = { lease, error: 'stopped' };
    for (const _ of [1, 2]) {
      expect(await post(api, `/jobs/${id}/fail`, report)).toMatchObject({
        status: 200,
        body: { status: 'cancelled' },
      });
    }
  });

  it('is the job of an Idempotency-Key still, and of its schedule', async () => {
    const headers = { ...JSON_TYPE, 'idempotency-key': 'k' };
    const body = JSON.stringify({ task: 'echo', queue: 'keyed' });
    const { id } = (await send(api.origin, { headers, body })).body;
    await change(id, { payload: 3 });
    expect((await send(api.origin, { headers, body })).body).toMatchObject({ id, payload: 3 });
    expect((await api.http.get('/jobs?idempotencyKey=k&queue=keyed')).body.items).toMatchObject([
      { id, payload: 3 },
    ]);
  });

  it('is found until its result is gone; then a sweep forgets where it was', async () => {
    const keys = queueKeys('mr', 'forgets');
    const worker = await workerOf('forgets');
    const [kept, gone] = [
      await api.submit({ task: 'echo', queue: 'forgets' }),
      await api.submit({ task: 'echo', queue: 'forgets', resultTtl: 1 }),
    ];
    for (const { id } of [kept, gone]) await change(id, { payload: 1 });
    for (const delivery of await worker.takeNow(2)) await worker.complete(delivery, 1);
    await until(async () => (await api.http.get(`/jobs/${gone.id}`)).status === 410, 'the end of the result');
    await sweepAll(keys);
    expect(await redis.client.hlen(keys.changed)).toBe(2);
    expect(await api.get(kept.id)).toMatchObject({ id: kept.id, status: 'completed' });
    await api.http.delete(`/jobs/${kept.id}`).expect(204);
    await sweepAll(keys);
    expect(await redis.client.exists(keys.changed)).toBe(0);
    expect(await redis.client.hexists(keys.settings, 'changed')).toBe(0);
    expectProblem(await api.http.get(`/jobs/${kept.id}`), 410, 'job-gone');
  });
});

async function sweepAll(keys: ReturnType<typeof queueKeys>): Promise<void> {
  for (let position: SweepPosition = SWEEP_START; position !== 'end'; ) {
    position = (await sweep(redis.client, keys, position)).next;
  }
  await sweepHolds(redis.client, keys, '-');
}

describe('a change is refused', () => {
  it.each(['running', 'retrying', 'failed', 'completed', 'cancelled', 'expired'])(
    'for a %s job',
    async (status) => {
      const queue = `late-${status}`;
      const worker = await workerOf(queue);
      const { id } = await api.submit({ task: 'echo', queue, ...(status === 'expired' && { expiresIn: 0 }) });
      if (status === 'cancelled') await api.http.post(`/jobs/${id}/cancel`).expect(200);
      const delivery = ['cancelled', 'expired'].includes(status) ? undefined : await worker.take();
      if (delivery && status === 'retrying') await worker.retry(delivery, 3_600_000);
      if (delivery && status === 'failed') await worker.bury(delivery);
      if (delivery && status === 'completed') await worker.complete(delivery, 1);
      const before = await api.get(id);
      const answer = await patch(id, { payload: 1, delay: 0 });
      expectProblem(answer, 409, 'job-started');
      expect(answer.body.jobStatus).toBe(status);
      expect(await api.get(id)).toEqual(before);
    },
  );

  it.each(['a checkpoint', 'a log', 'a cancel'])(
    'for a job that waits again with %s of a worker',
    async (what) => {
      const queue = `begun-${what.slice(2)}`;
      const worker = await workerOf(queue);
      const { id } = await api.submit({ task: 'echo', queue, payload: 'old' });
      const { lease } = await takeOne(api, { queues: [queue] });
      if (what === 'a checkpoint') await post(api, `/jobs/${id}/checkpoint`, { lease, checkpoint: 1 });
      if (what === 'a log') await post(api, `/jobs/${id}/log`, { lease, lines: ['here'] });
      if (what === 'a cancel') await api.http.post(`/jobs/${id}/cancel`).expect(202);
      // Redis loses the delivery, and a sweep finds the job.
      const { entryId = '' } = parseJobId(id)?.ref ?? {};
      await redis.client.xack(worker.keys.stream.normal, GROUP, entryId);
      await sweepAll(worker.keys);
      expect((await api.get(id)).status).toBe('queued');
      expectProblem(await patch(id, { payload: 'new' }), 409, 'job-started');
      expect(await api.get(id)).toMatchObject({ status: 'queued', payload: 'old' });
    },
  );

  it('when the job is not as If-Match says', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'match' });
    const first = await etagOf(id);
    expect((await patch(id, { payload: 1 }, { 'if-match': `"x", ${first}` })).status).toBe(200);
    const refused = await patch(id, { payload: 2 }, { 'if-match': first });
    expectProblem(refused, 412, 'precondition-failed');
    const second = await etagOf(id);
    expectProblem(await patch(id, { payload: 2 }, { 'if-match': `W/${second}` }), 412, 'precondition-failed');
    expect((await api.get(id)).payload).toBe(1);
    expect((await patch(id, { payload: 2 }, { 'if-match': second })).status).toBe(200);
    expect((await patch(id, { payload: 3 }, { 'if-match': '*' })).status).toBe(200);
  });

  it('when a submit would be', async () => {
    const input = { type: 'object', required: ['n'] };
    await api.http.put('/queues/schema/tasks/work').send({ input }).expect(200);
    const { id } = await api.submit({ task: 'work', queue: 'schema', payload: { n: 1 } });
    expectProblem(await patch(id, { payload: {} }), 422, 'invalid-payload', ['/payload/n']);
    const body = { attempts: 0, delay: '1', metadata: { a: 1 }, task: 'other' };
    expectProblem(await patch(id, body), 400, 'invalid-request', [
      '/attempts',
      '/delay',
      '/metadata/a',
      '/task',
    ]);
    expectProblem(await patch(id, { delay: 1, runAt: '2099-01-01T00:00:00Z' }), 400, 'invalid-request', [
      '/runAt',
    ]);
    expectProblem(await patch(id, { timeout: '30d' }), 400, 'invalid-request', ['/timeout']);
    expectProblem(await patch(id, { runAt: '2999-01-01T00:00:00Z' }), 400, 'invalid-request', ['/runAt']);
    expectProblem(await patch('nothing', {}), 404, 'job-not-found');
    expect(await api.get(id)).toMatchObject({ payload: { n: 1 }, attempt: 0 });
  });
});

it('either changes a job or is too late, whatever a worker does meanwhile', async () => {
  const queue = 'race';
  const worker = await workerOf(queue);
  const jobs = await Promise.all(
    Array.from({ length: 60 }, () => api.submit({ task: 'echo', queue, payload: 'old' })),
  );
  const ran = new Map<string, unknown>();
  const changes = Promise.all(
    jobs.map(async ({ id }) => [id, (await patch(id, { payload: 'new' })).status] as const),
  );
  for (let count = 0; count < jobs.length; ) {
    const deliveries = await worker.takeNow(3);
    count += deliveries.length;
    for (const delivery of deliveries) {
      await worker.complete(delivery, payloadOf(delivery));
    }
  }
  for (const { id } of jobs) ran.set(id, (await api.finished(id)).result);
  const outcomes = new Map(await changes);
  for (const { id } of jobs)
    expect([id, outcomes.get(id), ran.get(id)]).toEqual([
      id,
      ...(ran.get(id) === 'new' ? [200, 'new'] : [409, 'old']),
    ]);
  expect((await statsOf(queue)).totals).toMatchObject({ submitted: 60, completed: 60, staleCommits: 0 });
});
