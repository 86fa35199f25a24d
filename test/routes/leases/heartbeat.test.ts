import { describe, expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { done, newQueue, post, takeOne } from '../../helpers/leases/http-worker.ts';
import { consumersOf } from '../../helpers/redis/dump.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

describe('a heartbeat', () => {
  it('returns a cancel; a failure or release after it ends the job as cancelled', async () => {
    const queue = newQueue();
    for (const [verb, more] of [
      ['fail', { error: { message: 'stopped' } }],
      ['release', {}],
    ] as const) {
      const { id } = await api.submit({ queue, task: 'work' });
      const { lease } = await takeOne(api, { queues: [queue] });
      expect((await post(api, `/jobs/${id}/cancel`)).status).toBe(202);
      expect((await post(api, `/leases/${lease}/heartbeat`)).body).toMatchObject({ cancel: [id] });
      for (let time = 0; time < 2; time += 1) {
        expect(await post(api, `/jobs/${id}/${verb}`, { lease, ...more })).toMatchObject(
          done(id, 'cancelled'),
        );
      }
      expect((await api.get(id)).status).toBe('cancelled');
    }
  });

  it('fails an attempt that takes longer than its timeout', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ queue, task: 'work', timeout: 1, attempts: 1 });
    const { lease, job } = await takeOne(api, { queues: [queue] });
    expect(job.timeoutMs).toBe(1);
    // The service looks by itself, too. When it comes first, the lease ends with its last job, and a heartbeat finds none.
    const ended = { cancel: [id], expiresAt: new Date(0).toISOString() };
    let last = { ...ended, cancel: [] as string[] };
    await until(async () => {
      const { status, body } = await post(api, `/leases/${lease}/heartbeat`);
      last = status === 409 ? ended : (body as typeof last);
      return last.cancel.length > 0;
    }, 'the end of the attempt');
    expect(last.cancel).toEqual([id]);
    expect(Date.parse(last.expiresAt)).toBeLessThanOrEqual(Date.now());
    expect(await api.get(id)).toMatchObject({ status: 'failed', error: { name: 'timeout' } });
    expect((await post(api, `/jobs/${id}/complete`, { lease })).status).toBe(409);
    expect((await post(api, `/leases/${lease}/heartbeat`)).status).toBe(409);
    expect(await consumersOf(redis, queue)).toEqual([]);
  });

  it('returns drain while every queue of the lease is paused, also those in which it holds nothing', async () => {
    const [queue, other] = [newQueue(), newQueue()];
    await api.submit({ queue, task: 'work' });
    const { lease } = await takeOne(api, { queues: [other, queue] });
    const directive = async () =>
      ((await post(api, `/leases/${lease}/heartbeat`)).body as { directive: string }).directive;
    await api.http.post(`/queues/${queue}/pause`);
    expect(await directive()).toBe('continue');
    await api.http.post(`/queues/${other}/pause`);
    expect(await directive()).toBe('drain');
    await api.http.post(`/queues/${queue}/resume`);
    expect(await directive()).toBe('continue');
  });
});
