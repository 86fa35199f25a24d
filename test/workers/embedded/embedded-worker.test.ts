import { afterEach, expect, it } from 'vitest';
import { KeySpace } from '../../../src/redis/keyspace.ts';
import { createWorker, type WorkerOptions } from '../../../workers/embedded/create-worker.ts';
import type { ProgramWorker } from '../../../workers/embedded/program-worker.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const keySpace = new KeySpace('mr');
const workers: ProgramWorker[] = [];

afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.stop({ graceMs: 0 }))));

function start(options: Omit<WorkerOptions, 'redisUrl'>): { worker: ProgramWorker; errors: string[] } {
  const worker = createWorker({ redisUrl: redis.url, ...options });
  workers.push(worker);
  const errors: string[] = [];
  worker.on('error', ({ message }) => errors.push(message));
  return { worker, errors };
}

it('takes nothing before it has its leases, so that it loses none at its start', async () => {
  // It gets one lease after the other. What it hears of the first queues comes before it has the last one.
  const queues = Array.from({ length: 60 }, (_, n) => `many-${n}`);
  const earlier = start({ queues, tasks: { one: () => 1 } });
  await earlier.worker.ready;
  await earlier.worker.stop();
  const { worker, errors } = start({ queues, tasks: { one: () => 1 } });
  await worker.ready;
  const jobs = await Promise.all(queues.map((queue) => api.submit({ queue, task: 'one' })));
  for (const { id } of jobs) expect(await api.finished(id)).toMatchObject({ result: 1, attempt: 1 });
  await worker.stop();
  expect([...earlier.errors, ...errors]).toEqual([]);
});

it('takes the jobs that were held for its task before it started', async () => {
  await start({ queues: ['held'], tasks: { other: () => 0 } }).worker.ready;
  await workers[0]?.stop();
  const first = start({ queues: ['held'], tasks: { late: () => 'late' } });
  await first.worker.ready;
  await first.worker.stop();
  const other = start({ queues: ['held'], tasks: { other: () => 0 } });
  await other.worker.ready;
  const job = await api.submit({ queue: 'held', task: 'late' });
  const { holds } = keySpace.queue('held');
  await expect.poll(() => redis.client.zcard(holds)).toBe(1);
  start({ queues: ['held'], tasks: { late: () => 'late' } });
  expect(await api.finished(job.id)).toMatchObject({ result: 'late', attempt: 1 });
});

it('is ready only when the last queue knows its tasks, although it takes jobs of the others before', async () => {
  const { tasks } = keySpace.queue('unannounced');
  // An announcement there fails until this is gone.
  await redis.client.set(tasks, 'no hash');
  const { worker, errors } = start({ queues: ['announced', 'unannounced'], tasks: { one: () => 1 } });
  let isReady = false;
  const ready = worker.ready.then(() => {
    isReady = true;
  });
  const job = await api.submit({ queue: 'announced', task: 'one' });
  expect(await api.finished(job.id)).toMatchObject({ result: 1 });
  await expect.poll(() => errors.length).toBeGreaterThan(0);
  expect(isReady).toBe(false);
  await redis.client.del(tasks);
  await ready;
  expect(await redis.client.hlen(tasks)).toBeGreaterThan(0);
});
