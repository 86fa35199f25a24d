import { describe, expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

const FREE_BYTES = 8_000_000;
const PAYLOAD_BYTES = 200_000;

const redis = useRedis();
const api = useApi(redis);
useWorker(redis, { QUEUES: 'payloads,results' });

/** Leaves some megabytes of free memory. */
async function limitMemory(): Promise<void> {
  const info = await redis.client.info('memory');
  await redis.client.config('SET', 'maxmemory', Number(/^used_memory:(\d+)/m.exec(info)?.[1]) + FREE_BYTES);
}

/** Submits until it is refused; returns the ids that were accepted. */
async function fill(job: object): Promise<string[]> {
  const ids: string[] = [];
  await until(async () => {
    const { status, headers, body } = await api.http.post('/jobs').send(job);
    if (status === 202) ids.push(body.id);
    else expect([status, headers['retry-after'], body.code]).toEqual([503, '1', 'redis-unavailable']);
    return status !== 202;
  }, 'a refusal');
  return ids;
}

const isAccepted = async (job: object) => (await api.http.post('/jobs').send(job)).status === 202;

describe('a Redis that is full', () => {
  it('of payloads finishes running jobs, and accepts jobs again when others are done', async () => {
    const running = await api.submit({ task: 'hold', queue: 'payloads', payload: { finish: true } });
    await until(async () => (await api.get(running.id)).progress !== undefined, 'a running job');
    await api.http.post('/queues/payloads/pause').expect(200);
    await limitMemory();
    const job = { task: 'echo', queue: 'payloads', payload: 'x'.repeat(PAYLOAD_BYTES), resultTtl: '1s' };
    const ids = await fill(job);
    expect(ids.length).toBeGreaterThan(10);
    await api.http.post(`/jobs/${running.id}/cancel`).expect(202);
    expect(await api.finished(running.id)).toMatchObject({ status: 'completed' });
    await api.http.post('/queues/payloads/resume').expect(200);
    await until(
      async () => (await api.http.get('/queues/payloads/stats')).body.totals.completed === ids.length + 1,
      'all',
    );
    await until(() => isAccepted(job), 'an accepted job');
    // The accepted job may have filled Redis again; its result expires after a second.
    await until(async () => (await api.http.get('/readyz')).status === 200, 'a ready service');
  });

  it('of results finishes running jobs, and accepts jobs again when the results have expired', async () => {
    await limitMemory();
    const job = { task: 'large', queue: 'results', payload: { length: PAYLOAD_BYTES }, resultTtl: '8s' };
    const ids = await fill(job);
    expect(ids.length).toBeGreaterThan(10);
    await until(async () => {
      const { counts, totals } = (await api.http.get('/queues/results/stats')).body;
      return counts.queued + counts.running === 0 && totals.completed === ids.length;
    }, 'the end of all that were accepted');
    await until(() => isAccepted(job), 'an accepted job');
    expect((await api.http.get('/queues/results/stats')).body.totals).toMatchObject({
      failed: 0,
      retried: 0,
    });
  });
});
