import { describe, expect, it } from 'vitest';
import { expectAway, outageOf, ROUTES } from '../../helpers/api/outage.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { newQueue, post, submitMany, takeOne } from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const { expectAllWell, timed } = outageOf(redis, api);

describe('while Redis', () => {
  it('is full, submits are rejected with 503, and jobs can be read and ended', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'full' });
    await redis.client.config('SET', 'maxmemory', '1');
    try {
      for (const message of ROUTES.slice(0, 6)) expectAway(await timed(message));
      await api.http.get(`/jobs/${id}`).expect(200);
      await api.http.post(`/jobs/${id}/cancel`).expect(200);
    } finally {
      await redis.client.config('SET', 'maxmemory', '0');
    }
    await expectAllWell();
  });

  it('is full, HTTP workers continue, also those of another API process', async () => {
    const queue = newQueue();
    const ids = await submitMany(api, queue, 3);
    const { lease } = await takeOne(api, { queues: [queue] });
    await post(api, `/jobs/${ids[0]}/cancel`);
    // It has noted nothing of the queue yet.
    const other = await startApi(redis.url);
    await redis.client.config('SET', 'maxmemory', '1');
    try {
      const beat = await post(other, `/leases/${lease}/heartbeat`);
      expect(beat).toMatchObject({ status: 200, body: { cancel: [ids[0]] } });
      const taken = await takeOne(other, { queues: [queue], tasks: ['work'] });
      expect(taken.job.id).toBe(ids[1]);
      const complete = [{ id: ids[1] }];
      const settled = await post(other, `/leases/${taken.lease}/settle?next=1`, {
        complete,
        tasks: ['more', 'work'],
      });
      expect(settled).toMatchObject({ status: 207, body: { jobs: [{ id: ids[2] }] } });
    } finally {
      await redis.client.config('SET', 'maxmemory', '0');
      await other.app.close();
    }
  });

  it.each(['allkeys-lru', 'volatile-ttl'])(
    'may evict jobs by %s, the service is not ready',
    async (policy) => {
      await redis.client.config('SET', 'maxmemory-policy', policy);
      const { status, body } = await api.http.get('/readyz');
      await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
      expect([status, body.ready, body.durability]).toEqual([503, false, 'off']);
      expect(body.reasons).toEqual([expect.stringContaining(`its maxmemory-policy is ${policy}`)]);
      const after = await api.http.get('/readyz');
      expect([after.status, after.body]).toMatchObject([
        200,
        { ready: true, reasons: [], durability: 'off' },
      ]);
    },
  );
});
