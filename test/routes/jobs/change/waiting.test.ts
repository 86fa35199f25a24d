import { describe, expect, it } from 'vitest';
import type { Job } from '../../../../src/schemas/job.ts';
import { JSON_TYPE, send } from '../../../helpers/api/send.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { changesOf } from '../../../helpers/jobs/change.ts';
import { post, take, takeOne } from '../../../helpers/leases/http-worker.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { type ManualWorker, useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
const { patch, change, etagOf, statsOf } = changesOf(api);

const listOf = async (queue: string) => (await api.http.get(`/queues/${queue}/jobs`)).body.items;
const hold = (lease: string, queue: string) => take(api, { queues: [queue], tasks: [lease] });

/** Makes a job that waits, in each place where it can. */
const WAITING: Readonly<Record<string, (worker: ManualWorker, queue: string) => Promise<Job>>> = {
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
