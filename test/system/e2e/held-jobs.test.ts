import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { newQueue, post, take, takeOne } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';
import { folder } from '../../tasks/task-folder.ts';

const redis = useRedis();
const api = useApi(redis);

/** A release whose task `work` needs this member in its payload. */
const release = (member: string) => ({
  'work.mjs': `export default { input: { type: 'object', required: ['${member}'] }, handler: (payload) => payload };`,
});
const task = (name: string) => ({ [`${name}.mjs`]: 'export default (payload) => payload;' });

const startRelease = async (queue: string, files: Record<string, string>) =>
  startWorker(redis.url, { QUEUES: queue, TASKS_DIR: await folder(files), CONCURRENCY: '4' });

const statsOf = async (queue: string) => (await api.http.get(`/queues/${queue}/stats`)).body;

/** Submits the jobs; each must complete in its first attempt. */
async function expectAllComplete(jobs: readonly object[]): Promise<void> {
  const submitted: Job[] = [];
  for (const job of jobs) submitted.push(await api.submit(job));
  const ended = await Promise.all(submitted.map(({ id }) => api.finished(id)));
  expect(ended.filter(({ status, attempt }) => status !== 'completed' || attempt !== 1)).toEqual([]);
}

describe('a job', () => {
  it('of the new form runs while workers of the old release are there, and the other way round', async () => {
    const queue = newQueue();
    await startRelease(queue, release('old'));
    await startRelease(queue, release('new'));
    const forms = Array.from({ length: 80 }, (_, i) => (i % 2 === 0 ? { new: i } : { old: i }));
    await expectAllComplete(forms.map((payload) => ({ queue, task: 'work', payload, attempts: 1 })));
    expect((await statsOf(queue)).totals).toMatchObject({ completed: 80, failed: 0, retried: 0 });
    const neither = await post(api, '/jobs', { queue, task: 'work', payload: {} });
    expect(neither).toMatchObject({ status: 422, body: { code: 'invalid-payload' } });
  });

  it('runs on the worker that has its task, where workers have different tasks', async () => {
    const queue = newQueue();
    await startRelease(queue, task('a'));
    await startRelease(queue, task('b'));
    await expectAllComplete(
      Array.from({ length: 60 }, (_, i) => ({ queue, task: i % 2 === 0 ? 'a' : 'b', attempts: 1 })),
    );
    expect((await statsOf(queue)).totals).toMatchObject({ completed: 60, failed: 0, retried: 0 });
  });

  it('waits for a worker that can run it, and starts within a second of its coming', async () => {
    const queue = newQueue();
    const job = await api.submit({ queue, task: 'work', payload: { new: 1 }, expiresIn: '1h' });
    await startRelease(queue, release('old'));
    await until(async () => (await api.get(job.id)).heldBy === 'task', 'a held job');
    expect(await api.get(job.id)).toMatchObject({ status: 'queued', attempt: 0, expiresAt: job.expiresAt });
    expect(await statsOf(queue)).toMatchObject({
      counts: { queued: 1, running: 0, retrying: 0 },
      lanes: { normal: 1 },
      oldestQueuedMs: expect.toSatisfy((ms: number) => ms > 0),
    });
    const { items } = (await api.http.get(`/queues/${queue}/jobs?status=queued`)).body;
    expect(items).toMatchObject([{ id: job.id, heldBy: 'task' }]);
    const worker = await startRelease(queue, release('new'));
    const readyAt = Number((await worker.line('ready'))['time']);
    const { status, startedAt, attempt } = await api.finished(job.id);
    expect([status, attempt]).toEqual(['completed', 1]);
    expect(Date.parse(startedAt ?? '') - readyAt).toBeLessThan(1_000);
  });

  it('is told to a worker that idles, which starts it within a second', async () => {
    const queue = newQueue();
    await startRelease(queue, task('a'));
    await startRelease(queue, task('b'));
    for (let i = 0; i < 10; i += 1) {
      const { createdAt, startedAt } = await api.finished((await api.submit({ queue, task: 'b' })).id);
      expect(Date.parse(startedAt ?? '') - Date.parse(createdAt)).toBeLessThan(1_000);
    }
  });
});

describe('a worker over HTTP', () => {
  it('is handed the jobs of its tasks only, also those that others could not run', async () => {
    const queue = newQueue();
    const ids = [];
    for (const name of ['a', 'b', 'a', 'b']) ids.push((await api.submit({ queue, task: name })).id);
    expect((await take(api, { queues: [queue], tasks: ['a'], max: 4 })).jobs.map(({ id }) => id)).toEqual([
      ids[0],
      ids[2],
    ]);
    expect(await api.get(ids[1] ?? '')).toMatchObject({ status: 'queued', heldBy: 'task', attempt: 0 });
    expect((await take(api, { queues: [queue], tasks: ['b'], max: 4 })).jobs.map(({ id }) => id)).toEqual([
      ids[1],
      ids[3],
    ]);
  });

  it('that waits gets a job that another could not run', async () => {
    const queue = newQueue();
    const other = takeOne(api, { queues: [queue], tasks: ['a'] });
    const waiting = takeOne(api, { queues: [queue], tasks: ['b'] });
    const { id } = await api.submit({ queue, task: 'b' });
    expect((await waiting).job).toMatchObject({ id, attempt: 1 });
    const a = await api.submit({ queue, task: 'a' });
    expect((await other).job).toMatchObject({ id: a.id, attempt: 1 });
  });

  it('that names its tasks does not keep jobs from one that takes all', async () => {
    const queue = newQueue();
    await take(api, { queues: [queue], tasks: ['a'] });
    expect(await post(api, '/jobs', { queue, task: 'b' })).toMatchObject({ status: 422 });
    const all = takeOne(api, { queues: [queue] });
    await until(
      async () => (await post(api, '/jobs', { queue, task: 'b' })).status === 202,
      'an accepted job',
    );
    expect((await all).job).toMatchObject({ task: 'b', attempt: 1 });
  });
});
