import { describe, expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);

describe('a job that kills the process that runs it', () => {
  it.each([
    ['exit', 'exit code 7'],
    ['abort', 'SIGABRT'],
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
      expect(worker.lines.filter(({ msg }) => msg === 'child-lost')).toHaveLength(2);
      await until(async () => (await api.get(neighbour.id)).progress !== undefined, 'the neighbour again');
      expect((await api.get(neighbour.id)).attempt).toBeLessThanOrEqual(3);
      await api.http.post(`/jobs/${neighbour.id}/cancel`).expect(202);
      expect(await api.finished(neighbour.id)).toMatchObject({ status: 'completed' });
      expect(await worker.stop()).toBe(0);
    },
  );

  it('alone can be cancelled and time out as any job', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'alone' });
    const suspect = async (job: object) => {
      await api.http.post('/queues/alone/pause').expect(200);
      const { id } = await api.submit({ ...job, queue: 'alone', delay: '1ms' });
      await redis.client.hset(
        'mr:{alone}:notes',
        `p${(await redis.client.xrevrange('mr:{alone}:parked', '+', '-', 'COUNT', 1))[0]?.[0]}:k`,
        2,
      );
      await api.http.post('/queues/alone/resume').expect(200);
      return id;
    };
    const held = await suspect({ task: 'hold', payload: {} });
    await until(async () => (await api.get(held)).progress !== undefined, 'progress from its process');
    await api.http.post(`/jobs/${held}/cancel`).expect(202);
    expect(await api.finished(held)).toMatchObject({ status: 'cancelled' });
    const late = await suspect({ task: 'block', payload: { ms: 60_000 }, timeout: 500, attempts: 1 });
    expect(await api.finished(late)).toMatchObject({ status: 'failed', error: { name: 'timeout' } });
    const fine = await suspect({ task: 'echo', payload: [1] });
    expect(await api.finished(fine)).toMatchObject({ status: 'completed', result: [1] });
    expect(worker.lines.filter(({ msg }) => msg === 'child-lost')).toEqual([]);
    expect(await worker.stop()).toBe(0);
  });
});
