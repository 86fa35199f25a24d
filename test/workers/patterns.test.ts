import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import { expectProblem } from '../helpers/api/expect-schema.ts';
import { useApi } from '../helpers/api/server.ts';
import { newQueue, post } from '../helpers/leases/http-worker.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import { useWorker } from '../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
// There is no queue when it starts.
const own = useWorker(redis, { QUEUES: 'critical-*,q*', LEASE_MS: '2000', PROCESSES: '2' });

const left = (queue: string) =>
  own.worker.line('queues-changed', (line) => (line['left'] as string[]).includes(queue));

describe('a worker that serves patterns', () => {
  it('runs the first job of a new queue within seconds, and announces its tasks there', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ queue, task: 'echo', payload: 1 });
    const job = await api.finished(id);
    expect(job).toMatchObject({ status: 'completed', result: 1 });
    expect(Date.parse(job.startedAt ?? '') - Date.parse(job.createdAt)).toBeLessThan(6_000);
    const names = (await api.http.get(`/tasks?queue=${queue}`).expect(200)).body.items;
    expect(names).toContainEqual(expect.objectContaining({ name: 'echo' }));
  });

  it('leaves queues alone that fit no pattern', async () => {
    const { id } = await api.submit({ queue: 'other', task: 'echo', payload: 1 });
    const known = newQueue();
    await api.finished((await api.submit({ queue: known, task: 'echo' })).id);
    expect((await api.get(id)).status).toBe('queued');
    expect((await api.http.get('/queues/other/stats')).body.workers).toEqual([]);
  });

  it('hears of cancels in a queue that has joined', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ queue, task: 'hold', payload: {} });
    await until(async () => (await api.get(id)).status === 'running', 'a running job');
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    expect(await api.finished(id)).toMatchObject({ status: 'cancelled' });
  });

  it('drops a queue that was removed, leaves no key of it, and serves it again when it comes back', async () => {
    const queue = newQueue();
    await api.finished((await api.submit({ queue, task: 'echo' })).id);
    await until(async () => (await api.http.delete(`/queues/${queue}`)).status === 204, 'a removed queue');
    await left(queue);
    const keys = () => redis.client.keys(`mr:{${queue}}:*`);
    // The result of its job stays.
    await until(async () => (await keys()).every((key) => key.includes(':result:')), 'no other keys');
    const { id } = await api.submit({ queue, task: 'echo', payload: 2 });
    expect(await api.finished(id)).toMatchObject({ status: 'completed', result: 2 });
    expect(await redis.client.zcard(queueKeys('mr', queue).leases)).toBe(2);
  });
});

it('a poll over HTTP names its queues: a pattern is refused', async () => {
  expectProblem(await post(api, '/leases', { queues: ['img-*'] }), 400, 'invalid-request', ['/queues/0']);
});
