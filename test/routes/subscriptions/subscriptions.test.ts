import { describe, expect, it } from 'vitest';
import type { Subscription } from '../../../src/schemas/subscription.ts';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { at, keysOf, useSubscriptions } from '../../helpers/events/subscriptions.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const { subscribe } = useSubscriptions(redis, api, useManualWorkers(redis));

describe('subscriptions over HTTP', () => {
  it('are created once, changed by the given fields, listed, counted and removed', async () => {
    const body = await subscribe('made', { maxBacklog: 50_000 });
    expect(body).toMatchObject({ name: 'sub', queue: 'made', backlog: 0, lost: 0, maxBacklog: 50_000 });
    const again = await api.http.put(at('made')).send({ ackWaitMs: 200, from: 'oldest' }).expect(200);
    expect(again.body).toEqual({ ...body, ackWaitMs: 200 });
    await subscribe('made', {}, 'other');
    await api.http.post('/queues/made/pause').expect(200);
    const list = await api.http.get('/queues/made/subscriptions').expect(200);
    expect(list.body.items.map(({ name }: Subscription) => name)).toEqual(['other', 'sub']);
    const stats = await api.http.get('/queues/made/stats').expect(200);
    expect(stats.body.subscriptions).toEqual([
      { name: 'other', backlog: 1 },
      { name: 'sub', backlog: 1 },
    ]);
    expect(await redis.client.hget(keysOf('made').settings, 'hold')).toBe('100000');
    await api.http.delete(at('made', 'other')).expect(204);
    expect(await redis.client.hget(keysOf('made').settings, 'hold')).toBe('50000');
    await api.http.delete(at('made')).expect(204);
    expect(await redis.client.hget(keysOf('made').settings, 'hold')).toBeNull();
    expect(await redis.client.exists(keysOf('made').subscription('sub'), keysOf('made').subscriptions)).toBe(
      0,
    );
    expect((await api.http.get('/queues/made/stats')).body.subscriptions).toBeUndefined();
    expectProblem(await api.http.get(at('made')), 404, 'subscription-not-found');
    expectProblem(await api.http.delete(at('made')), 404, 'subscription-not-found');
    expectProblem(await api.http.post(`${at('made')}/read`), 404, 'subscription-not-found');
    expectProblem(
      await api.http.post(`${at('made')}/ack`).send({ upTo: '1-1-1' }),
      404,
      'subscription-not-found',
    );
  });

  it('reject invalid requests', async () => {
    await subscribe('bad');
    const post = (verb: string, body: object) => api.http.post(`${at('bad')}/${verb}`).send(body);
    expectProblem(await post('read', { max: 0 }), 400, 'invalid-request', ['/max']);
    expectProblem(await post('read', { waitMs: 30_001 }), 400, 'invalid-request', ['/waitMs']);
    expectProblem(await post('read', { types: ['x'] }), 400, 'invalid-request', ['/types/0']);
    expectProblem(await post('ack', {}), 400, 'invalid-request', ['']);
    expectProblem(await post('ack', { upTo: '1-1-1', ids: ['1-1-1'] }), 400, 'invalid-request', ['']);
    expectProblem(await post('ack', { upTo: 'x' }), 400, 'invalid-request', ['/upTo']);
    expectProblem(await post('ack', { ids: ['1-1-1', '1-1-200000'] }), 400, 'invalid-request', ['/ids/1']);
    const put = (body: object) => api.http.put(at('bad', 'new')).send(body);
    expectProblem(await put({ maxBacklog: 999 }), 400, 'invalid-request', ['/maxBacklog']);
    expectProblem(await put({ from: 'then' }), 400, 'invalid-request', ['/from']);
    expectProblem(await put({ other: 1 }), 400, 'invalid-request', ['/other']);
    expectProblem(await api.http.put(at('bad', '.x')).send({}), 400, 'invalid-request', ['/sub']);
  });

  it('are limited to a hundred per queue', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, i) => subscribe('hundred', {}, `s${i}`)));
    expectProblem(await api.http.put(at('hundred')).send({}), 409, 'too-many-subscriptions');
  });
});
