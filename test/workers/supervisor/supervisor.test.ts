import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { isAlive, startWorker, useWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis, { LEASE_MS: '2000' });

const waitFor = (id: string, fits: (job: Job) => boolean, what: string) =>
  until(async () => {
    const job = await api.get(id);
    return fits(job) ? job : undefined;
  }, what);

const stats = async (queue: string) => (await api.http.get(`/queues/${queue}/stats`)).body;

describe('a stop of a worker', () => {
  it('lets running jobs finish, leaves or releases the others, and exits 0', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'stop', CONCURRENCY: '1' });
    const running = await api.submit({ task: 'hold', queue: 'stop', payload: { finish: true } });
    await waitFor(running.id, ({ status }) => status === 'running', 'running');
    const waiting = await api.submit({ task: 'echo', queue: 'stop', payload: 1 });
    const stopped = worker.stop();
    await worker.line('stopping');
    // The job finishes only now, while the worker stops.
    await api.http.post(`/jobs/${running.id}/cancel`).expect(202);
    expect(await stopped).toBe(0);
    expect(await api.get(running.id)).toMatchObject({ status: 'completed', attempt: 1 });
    expect(await api.get(waiting.id)).toMatchObject({ status: 'queued', attempt: 0 });
    const leases = await redis.client.zcard('mr:{stop}:leases');
    expect(leases).toBe(0);
    await startWorker(redis.url, { QUEUES: 'stop' });
    expect(await api.finished(waiting.id)).toMatchObject({ status: 'completed', attempt: 1 });
  });

  it('aborts a job that outlives the grace, and releases it without spending an attempt', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'grace', SHUTDOWN_GRACE_MS: '200' });
    const { id } = await api.submit({ task: 'hold', queue: 'grace', payload: {} });
    await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    expect(await worker.stop()).toBe(0);
    const job = await api.get(id);
    expect(job).toMatchObject({ status: 'queued', attempt: 0 });
    expect(job.errors).toBeUndefined();
    await startWorker(redis.url, { QUEUES: 'grace' });
    await waitFor(id, ({ status, attempt }) => status === 'running' && attempt === 1, 'first attempt again');
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    await api.finished(id);
  });

  it('is cut short by a second signal', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'twice', SHUTDOWN_GRACE_MS: '3600000' });
    const { id } = await api.submit({ task: 'hold', queue: 'twice', payload: {} });
    await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    worker.process.kill('SIGTERM');
    await worker.line('stopping');
    expect(await worker.stop('SIGTERM')).toBe(0);
    expect(await api.get(id)).toMatchObject({ status: 'queued', attempt: 0 });
  });
});

describe('a lost worker', () => {
  it('loses its jobs to other workers when its lease expires; each loss spends an attempt', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'lost', LEASE_MS: '2000' });
    const { id } = await api.submit({ task: 'hold', queue: 'lost', payload: {} });
    const first = await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    const childPid = pidOf(first);
    await startWorker(redis.url, { QUEUES: 'lost', LEASE_MS: '2000' });
    // Suspended first, so that it cannot release the job when its supervisor has ended.
    process.kill(childPid, 'SIGSTOP');
    await worker.stop('SIGKILL');
    const second = await waitFor(id, (job) => job.status === 'running' && job.attempt === 2, 'attempt 2');
    expect(second.worker).not.toBe(first.worker);
    expect(second.errors).toMatchObject([{ name: 'worker-lost', attempt: 1 }]);
    process.kill(childPid, 'SIGCONT');
    await until(() => !isAlive(childPid), 'the end of the orphan');
    // The resumed process could not settle the job that it had lost.
    expect(await api.get(id)).toMatchObject({ status: 'running', attempt: 2, worker: second.worker });
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    expect((await api.finished(id)).status).toBe('cancelled');
  });

  it('stops its processes when the supervisor is killed; they release their jobs', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'orphan', LEASE_MS: '60000' });
    const { id } = await api.submit({ task: 'hold', queue: 'orphan', payload: {} });
    const first = await waitFor(id, ({ progress }) => progress !== undefined, 'progress');
    await worker.stop('SIGKILL');
    await until(() => !isAlive(pidOf(first)), 'the end of the orphan');
    expect(await api.get(id)).toMatchObject({ status: 'queued', attempt: 0 });
  });

  it('replaces a process that dies; a job that kills its process fails as worker-lost', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'poison', LEASE_MS: '60000' });
    const { id } = await api.submit({ task: 'die', payload: 'kill', queue: 'poison', attempts: 2 });
    const job = await api.finished(id);
    expect(job).toMatchObject({ status: 'failed', attempt: 2, error: { name: 'worker-lost' } });
    expect(job.errors).toHaveLength(2);
    const after = await api.submit({ task: 'echo', queue: 'poison', payload: 'still here' });
    expect(await api.finished(after.id)).toMatchObject({ status: 'completed' });
    expect((await stats('poison')).totals.recovered).toBe(2);
    expect(await worker.stop()).toBe(0);
  });

  it('keeps a job whose handler blocks the event loop longer than the lease', async () => {
    const { id } = await api.submit({ task: 'block', payload: { ms: 3_500 }, attempts: 1 });
    expect(await api.finished(id)).toMatchObject({ status: 'completed', attempt: 1 });
  });
});

const pidOf = (job: Job): number => Number(job.worker?.split('.')[1]);
