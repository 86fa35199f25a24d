import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis, { TASKS_DIR: fileURLToPath(new URL('../../../dist/workers/tasks', import.meta.url)) });

describe('the main job', () => {
  it('is sent by HTTP, run in another process, and its result read by HTTP', async () => {
    const answer = await api.http
      .post('/jobs')
      .set('prefer', 'wait=30')
      .send({ task: 'fib', payload: { n: 100_000 } })
      .expect(200);
    const job = answer.body as Job;
    const { value } = job.result as { value: string };
    expect(value).toHaveLength(20_899);
    expect(value.endsWith('746875')).toBe(true);
    expect(Number(job.worker?.split('.')[1])).not.toBe(process.pid);
    expect(answer.headers['preference-applied']).toBe('wait=30');
  });

  it('can be polled: queued or running, then completed', async () => {
    const submitted = await api.http
      .post('/jobs')
      .send({ task: 'fib', payload: { n: 300_000 } })
      .expect(202);
    const seen = new Set<string>();
    let job: Job;
    do {
      job = (await api.http.get(submitted.headers['location'] ?? '')).body as Job;
      seen.add(job.status);
    } while (job.status !== 'completed');
    expect([...seen].every((status) => ['queued', 'running', 'completed'].includes(status))).toBe(true);
  });

  it('refuses what the task refuses, before anything is stored', async () => {
    const answer = await api.http
      .post('/jobs')
      .send({ task: 'fib', payload: { n: 1_000_001 } })
      .expect(422);
    expect(answer.body).toMatchObject({
      code: 'invalid-payload',
      errors: [{ pointer: '/payload/n', detail: 'must be <= 1000000' }],
    });
    const unknown = await api.http
      .post('/jobs')
      .send({ task: 'fibb', payload: { n: 1 } })
      .expect(422);
    expect(unknown.body).toMatchObject({
      code: 'unknown-task',
      knownTasks: ['echo', 'fib', 'http-request', 'sleep'],
    });
  });
});
