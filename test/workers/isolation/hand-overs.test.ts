import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { isAlive, startWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);

/** Submits a job that two processes seem to have died with. */
async function submitSuspect({ queue, ...job }: { queue: string; task: string; payload: unknown }) {
  await api.http.post(`/queues/${queue}/pause`).expect(200);
  const { id } = await api.submit({ ...job, queue, delay: '1ms' });
  const [[entryId] = ['']] = await redis.client.xrevrange(`mr:{${queue}}:parked`, '+', '-', 'COUNT', 1);
  await redis.client.hset(`mr:{${queue}}:notes`, `p${entryId}:k`, 2);
  await api.http.post(`/queues/${queue}/resume`).expect(200);
  return id;
}

const runs = (id: string): Promise<Job> =>
  until(async () => {
    const job = await api.get(id);
    return job.progress === undefined ? undefined : job;
  }, 'progress of the job');

describe('a job that kills the process that runs it', () => {
  it.each([
    ['kill', 'SIGKILL'],
    ['memory', 'SIGABRT'],
  ])(
    '(%s) fails after its attempts; from the third on it runs alone and costs no other job',
    async (way, how) => {
      const queue = `poison-${way}`;
      const env = { QUEUES: queue, LEASE_MS: '60000', NODE_OPTIONS: '--max-old-space-size=64' };
      const worker = await startWorker(redis.url, env);
      const neighbour = await api.submit({ task: 'hold', queue, payload: { finish: true } });
      await until(async () => (await api.get(neighbour.id)).progress !== undefined, 'the neighbour');
      const { id } = await api.submit({
        task: 'die',
        queue,
        payload: way,
        attempts: 4,
        backoff: { type: 'fixed', delay: 1 },
      });
      const job = await api.finished(id);
      expect(job).toMatchObject({ status: 'failed', attempt: 4, error: { name: 'worker-lost' } });
      expect(job.errors?.map(({ name }) => name)).toEqual(Array(4).fill('worker-lost'));
      expect(job.errors?.map(({ message }) => message.includes('alone'))).toEqual([false, false, true, true]);
      for (const { message } of job.errors ?? []) expect(message).toContain(how);
      expect(worker.lines.filter(({ msg }) => msg === 'child-lost')).toHaveLength(4);
      await until(async () => (await api.get(neighbour.id)).progress !== undefined, 'the neighbour again');
      expect((await api.get(neighbour.id)).attempt).toBeLessThanOrEqual(3);
      await api.http.post(`/jobs/${neighbour.id}/cancel`).expect(202);
      expect(await api.finished(neighbour.id)).toMatchObject({ status: 'completed' });
      expect(await worker.stop()).toBe(0);
    },
  );

  it('alone can be cancelled and time out as any job', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'alone' });
    const suspect = (job: { task: string; payload: unknown; timeout?: number; attempts?: number }) =>
      submitSuspect({ ...job, queue: 'alone' });
    const held = await suspect({ task: 'hold', payload: {} });
    await runs(held);
    await api.http.post(`/jobs/${held}/cancel`).expect(202);
    expect(await api.finished(held)).toMatchObject({ status: 'cancelled' });
    const late = await suspect({ task: 'hold', payload: { stubborn: true }, timeout: 500, attempts: 1 });
    expect(await api.finished(late)).toMatchObject({ status: 'failed', error: { name: 'timeout' } });
    const fine = await suspect({ task: 'echo', payload: [1] });
    expect(await api.finished(fine)).toMatchObject({ status: 'completed', result: [1] });
    expect(worker.lines.filter(({ msg }) => msg === 'child-lost')).toEqual([]);
    expect(await worker.stop()).toBe(0);
  });

  it('alone outlives the process that had taken it, and its end costs that process nothing', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'apart', LEASE_MS: '60000' });
    const id = await submitSuspect({ task: 'hold', queue: 'apart', payload: { finish: true } });
    const alone = await runs(id);
    const pids = worker.lines.filter(({ msg }) => msg === 'child-started').map(({ pid }) => Number(pid));
    expect(pids).toHaveLength(2);
    const [shared = 0, own = 0] = pids;
    expect(alone.worker).toContain(`.${own}.`);
    process.kill(shared, 'SIGKILL');
    await worker.line('child-lost');
    expect(await api.get(id)).toMatchObject({ status: 'running', attempt: 1, worker: alone.worker });
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    const ended = await api.finished(id);
    expect(ended).toMatchObject({ status: 'completed', attempt: 1, worker: alone.worker });
    expect(ended.errors).toBeUndefined();
    await until(() => !isAlive(own), 'the end of its process');
    expect(await worker.stop()).toBe(0);
  });

  it('alone is released by a stop, and no attempt is spent', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'apart-stop', SHUTDOWN_GRACE_MS: '100' });
    const id = await submitSuspect({ task: 'hold', queue: 'apart-stop', payload: {} });
    await runs(id);
    expect(await worker.stop()).toBe(0);
    const released = await api.get(id);
    expect(released).toMatchObject({ status: 'queued', attempt: 0 });
    expect(released.errors).toBeUndefined();
  });

  it('waits while enough jobs run alone, and no attempt is spent', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'crowd' });
    const ids: string[] = [];
    for (let i = 0; i < 9; i += 1)
      ids.push(await submitSuspect({ task: 'hold', queue: 'crowd', payload: {} }));
    const running = async () => {
      const jobs = await Promise.all(ids.map((id) => api.get(id)));
      return jobs.filter(({ progress }) => progress !== undefined).map(({ id }) => id);
    };
    await until(async () => (await running()).length === 8, 'eight jobs that run alone');
    const first = await running();
    const ninth = ids.find((id) => !first.includes(id)) ?? '';
    await worker.line('attempt-ended', (line) => line['job'] === ninth && line['outcome'] === 'released');
    await api.http.post(`/jobs/${first[0]}/cancel`).expect(202);
    expect((await runs(ninth)).attempt).toBe(1);
    for (const id of ids) if (id !== first[0]) await api.http.post(`/jobs/${id}/cancel`).expect(202);
    for (const id of ids) expect(await api.finished(id)).toMatchObject({ status: 'cancelled', attempt: 1 });
    expect(await worker.stop()).toBe(0);
  });
});
