import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../../src/redis/keys.ts';
import type { Job } from '../../../../src/schemas/job.ts';
import { expectProblem } from '../../../helpers/api/expect-schema.ts';
import { JSON_TYPE, send } from '../../../helpers/api/send.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { changesOf } from '../../../helpers/jobs/change.ts';
import { post, takeOne } from '../../../helpers/leases/http-worker.ts';
import { sweepAll } from '../../../helpers/lifecycle/sweep-all.ts';
import { until, useRedis } from '../../../helpers/redis/server.ts';
import { useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
const { change, etagOf } = changesOf(api);

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
      return status === 200 && body.items.length > 0 && (body.items as Job[]);
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
    await sweepAll(redis.client, keys);
    expect(await redis.client.hlen(keys.changed)).toBe(2);
    expect(await api.get(kept.id)).toMatchObject({ id: kept.id, status: 'completed' });
    await api.http.delete(`/jobs/${kept.id}`).expect(204);
    await sweepAll(redis.client, keys);
    expect(await redis.client.exists(keys.changed)).toBe(0);
    expect(await redis.client.hexists(keys.settings, 'changed')).toBe(0);
    expectProblem(await api.http.get(`/jobs/${kept.id}`), 410, 'job-gone');
  });
});
