import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/schemas/problem.ts';
import { useApi } from '../../helpers/api/server.ts';
import { newQueue, post, submitMany, take } from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

describe('tasks announced over HTTP', () => {
  const put = (path: string, body: object) => api.http.put(path).send(body);

  it('check submits, set defaults and are listed', async () => {
    const queue = newQueue();
    const input = { type: 'object', required: ['url'], properties: { url: { type: 'string' } } };
    const announced = await put(`/queues/${queue}/tasks/resize`, { input, attempts: 2, timeoutMs: '5s' });
    expect(announced).toMatchObject({ status: 200, body: { queue, name: 'resize', timeoutMs: 5_000 } });
    const rejected = await post(api, '/jobs', { queue, task: 'resize', payload: {} });
    expect(rejected).toMatchObject({ status: 422, body: { code: 'invalid-payload' } });
    expect((await post(api, '/jobs', { queue, task: 'other' })).body).toMatchObject({ code: 'unknown-task' });
    await api.submit({ queue, task: 'resize', payload: { url: 'x' } });
    expect((await take(api, { queues: [queue] })).jobs).toMatchObject([{ maxAttempts: 2, timeoutMs: 5_000 }]);
    const listed = await api.http.get(`/tasks?queue=${queue}`);
    expect(listed.body).toMatchObject({ items: [{ queue, name: 'resize', input, attempts: 2 }] });
    const all = (await api.http.get('/tasks')).body as { items: { queue: string }[] };
    expect(all.items.map((task) => task.queue)).toContain(queue);
    expect((await api.http.delete(`/queues/${queue}/tasks/resize`)).status).toBe(204);
    expect((await api.http.delete(`/queues/${queue}/tasks/resize`)).body).toMatchObject({
      code: 'task-not-found',
    });
    await api.submit({ queue, task: 'other' });
  });

  it('fix the defaults of a job when it is submitted', async () => {
    const queue = newQueue();
    await put(`/queues/${queue}/tasks/work`, { attempts: 2, timeoutMs: '5s' });
    const { id } = await api.submit({ queue, task: 'work' });
    const own = await api.submit({ queue, task: 'work', attempts: 4 });
    await put(`/queues/${queue}/tasks/work`, { attempts: 9, timeoutMs: '9s' });
    const { jobs } = await take(api, { queues: [queue], max: 2 });
    expect(jobs).toMatchObject([
      { id, maxAttempts: 2, timeoutMs: 5_000 },
      { id: own.id, maxAttempts: 4, timeoutMs: 5_000 },
    ]);
  });

  it('check results: an invalid one is rejected, and the worker keeps the job', async () => {
    const queue = newQueue();
    await put(`/queues/${queue}/tasks/work`, { output: { type: 'number' } });
    const [id = ''] = await submitMany(api, queue, 1);
    const { lease } = await take(api, { queues: [queue] });
    const rejected = await post(api, `/jobs/${id}/complete`, { lease, result: 'text' });
    expect(rejected).toMatchObject({
      status: 422,
      body: { code: 'invalid-result', errors: [{ pointer: '/result' }] },
    });
    expect((await post(api, `/jobs/${id}/complete`, { lease, result: 1 })).status).toBe(200);
  });

  it('are rejected with every fault of the announcement', async () => {
    const queue = newQueue();
    const answer = await put(`/queues/${queue}/tasks/work`, {
      input: { type: 'nonsense' },
      timeoutMs: '9999d',
    });
    expect(answer.status).toBe(400);
    expect((answer.body as Problem).errors).toEqual([
      { pointer: '/timeoutMs', detail: expect.stringMatching(/^must be <= /) },
      { pointer: '/input', detail: expect.stringMatching(/^is not a JSON Schema: /) },
    ]);
    expect((await put(`/queues/${queue}/tasks/work`, { handler: 1 })).status).toBe(400);
    expect((await api.http.get(`/tasks?queue=${queue}`)).body).toEqual({ items: [] });
  });

  it('stay announced while workers name them, and a job of another task waits', async () => {
    const queue = newQueue();
    const input = { type: 'number' };
    await put(`/queues/${queue}/tasks/work`, { input });
    const { id } = await api.submit({ queue, task: 'work', payload: 1, attempts: 1 });
    const none = await take(api, { queues: [queue], tasks: ['other'] });
    expect(none.jobs).toEqual([]);
    expect(await api.get(id)).toMatchObject({ status: 'queued', heldBy: 'task' });
    const listed = (await api.http.get(`/tasks?queue=${queue}`)).body as { items: object[] };
    expect(listed.items).toMatchObject([{ name: 'other' }, { name: 'work', input }]);
  });

  it('are renewed by workers that name them, and dropped when they expire', async () => {
    const queue = newQueue();
    const input = { type: 'number' };
    const hour = 3_600_000;
    const ages = { work: hour, fresh: 0, old: 25 * hour };
    const now = Date.now();
    const stored = Object.entries(ages).map(([name, age]) => [name, { name, input, at: now - age }] as const);
    const key = `mr:{${queue}}:tasks`;
    await redis.client.hset(key, ...stored.flatMap(([name, task]) => [name, JSON.stringify(task)]));
    await take(api, { queues: [queue], tasks: ['work', 'fresh'] });
    const tasks = Object.values(await redis.client.hgetall(key)).map((text) => JSON.parse(text));
    expect(tasks).toEqual([
      { name: 'work', input, at: expect.toSatisfy((at: number) => at >= now) },
      { name: 'fresh', input, at: now },
    ]);
  });

  it('are bounded, however many tasks workers name', async () => {
    const queue = newQueue();
    const names = (page: number, count: number) => Array.from({ length: count }, (_, i) => `t${page}-${i}`);
    for (let page = 0; page < 6; page += 1) await take(api, { queues: [queue], tasks: names(page, 200) });
    expect(await redis.client.hlen(`mr:{${queue}}:tasks`)).toBe(1_000);
  });
});
