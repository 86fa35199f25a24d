import { describe, expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis({ persistent: true });
const api = useApi(redis);
const shared = useWorker(redis, { LEASE_MS: '2000' });

const completes = async (payload: string) => {
  const { id } = await until(
    () => api.submit({ task: 'echo', payload }).catch(() => undefined),
    'an accepted job',
  );
  return until(async () => {
    const job = await api.get(id);
    return job.status === 'completed' && job;
  }, 'its completion');
};

describe('a worker and an API', () => {
  it('go on after Redis was killed and restarted, with all accepted jobs', async () => {
    await completes('before');
    await api.http.post('/queues/default/pause').expect(200);
    const { id } = await api.submit({ task: 'echo', payload: 'kept' });
    await redis.server.kill();
    redis.replace(await redis.server.restart());
    await until(
      () => api.http.post('/queues/default/resume').then(({ status }) => status === 200),
      'the resume',
    );
    const job = await until(async () => {
      const found = await api.get(id);
      return found.status === 'completed' && found;
    }, 'the job from before');
    expect(job).toMatchObject({ result: 'kept', attempt: 1 });
    expect(await completes('after')).toMatchObject({ result: 'after', attempt: 1 });
  });

  it('complete a job that ran while Redis was away', async () => {
    const { id } = await api.submit({ task: 'sleep', payload: { ms: 500 } });
    await until(async () => (await api.get(id)).status === 'running', 'running');
    await redis.server.kill();
    // The handler ends while Redis cannot store its result.
    await shared.worker.line('redis-trouble', (line) => line['where'] === 'complete');
    redis.replace(await redis.server.restart());
    const job = await until(async () => {
      const found = await api.get(id);
      return found.status === 'completed' && found;
    }, 'completion');
    expect(job.attempt).toBe(1);
  });

  it('go on after the scripts were flushed', async () => {
    await until(() => redis.client.script('FLUSH').catch(() => undefined), 'the flush');
    expect(await completes('unscripted')).toMatchObject({ result: 'unscripted' });
  });

  it('go on after everything was deleted', async () => {
    await until(() => redis.client.flushall().catch(() => undefined), 'the flush');
    expect(await completes('again')).toMatchObject({ result: 'again', attempt: 1 });
    const { body } = await api.http.get('/queues/default/stats');
    expect(body.totals).toMatchObject({ submitted: 1, completed: 1 });
  });
});
