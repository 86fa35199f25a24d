import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/attempts/settle-failure.ts';
import { maxAttempts } from '../../../src/redis/entry-options.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { Job } from '../../../src/schemas/job.ts';
import { expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { post, takeOne } from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const optionsOf = async (queue: string) => {
  const [[, fields = []] = []] = await redis.client.xrange(queueKeys('mr', queue).stream.normal, '-', '+');
  return JSON.parse(fields[5] ?? '');
};

describe('attempts: "unlimited"', () => {
  it('is stored as 100 attempts for releases that do not know it', async () => {
    const job = await api.submit({ task: 'echo', queue: 'stored', attempts: 'unlimited' });
    expectShape(Job, job);
    expect(job.maxAttempts).toBe('unlimited');
    expect((await api.get(job.id)).maxAttempts).toBe('unlimited');
    expect(await optionsOf('stored')).toEqual({ a: 100, u: true });
  });

  it('retries for ever, and shows what the job was when it has ended', async () => {
    const { id } = await api.submit({
      task: 'echo',
      queue: 'ever',
      attempts: 'unlimited',
      backoff: { type: 'exponential', delay: 0 },
    });
    const keys = queueKeys('mr', 'ever');
    // 5,000 attempts have failed.
    const first = await takeOne(api, { queues: ['ever'] });
    await post(api, `/jobs/${id}/fail`, { lease: first.lease, error: 'no' });
    const [field = ''] = (await redis.client.hkeys(keys.notes)).filter((name) => name.endsWith(':a'));
    await redis.client.hset(keys.notes, field, 5_000);
    const { lease, job } = await takeOne(api, { queues: ['ever'] });
    expect(job).toMatchObject({ id, attempt: 5_001, maxAttempts: 'unlimited' });
    const failed = await post(api, `/jobs/${id}/fail`, { lease, error: 'no' });
    expect(failed).toMatchObject({ status: 200, body: { status: 'queued' } });
    const last = await takeOne(api, { queues: ['ever'] });
    await post(api, `/jobs/${id}/complete`, { lease: last.lease, result: 1 });
    expect(await api.get(id)).toMatchObject({
      status: 'completed',
      attempt: 5_002,
      maxAttempts: 'unlimited',
    });
  });

  it('is an option of the jobs of a batch, of a schedule and of a task', async () => {
    const jobs = [{ task: 'echo', queue: 'batch', attempts: 'unlimited' }];
    const { body } = await post(api, '/jobs/batch', { jobs });
    expect((await api.get(body.items[0].id)).maxAttempts).toBe('unlimited');

    await api.http.put('/queues/tasks/tasks/work').send({ attempts: 'unlimited' }).expect(200);
    const { body: tasks } = await api.http.get('/tasks?queue=tasks');
    expect(tasks.items).toMatchObject([{ name: 'work', attempts: 'unlimited' }]);
    expect(tasks.items[0]).not.toHaveProperty('unlimited');
    expect(Object.values(await redis.client.hgetall(queueKeys('mr', 'tasks').tasks))).toEqual([
      expect.stringContaining('"attempts":100'),
    ]);
    expect((await api.submit({ task: 'work', queue: 'tasks' })).maxAttempts).toBe('unlimited');
    expect((await api.submit({ task: 'work', queue: 'tasks', attempts: 2 })).maxAttempts).toBe(2);

    const schedule = { every: '1h', job: { task: 'echo', queue: 'slots', attempts: 'unlimited' } };
    const { body: put } = await api.http.put('/schedules/s').send(schedule).expect(201);
    expect(put.job).toEqual(schedule.job);
    expect((await api.http.put('/schedules/s').send(schedule).expect(200)).body).toEqual(put);
    expect(await redis.client.hget(queueKeys('mr', 'slots').schedules, 's')).toContain('"attempts":100');
    const run = await api.http.post('/schedules/s/run').expect(202);
    expect(run.body.maxAttempts).toBe('unlimited');
  });

  it('never spends the attempts, and its backoff stays a number', () => {
    const failed = {
      maxAttempts: maxAttempts({ a: 100, u: true }, undefined),
      retryable: true,
      retryInMs: undefined,
    };
    for (const attempt of [100, 1_024, 1_000_000, 2 ** 52]) {
      const backoffs = [
        undefined,
        { type: 'exponential', delay: 0 },
        { type: 'exponential', delay: 5, jitter: 1 },
      ] as const;
      for (const backoff of backoffs) {
        const decision = decide({ ...failed, attempt, backoff }, 0);
        expect(decision).toEqual({ kind: 'retry', delayMs: expect.any(Number) });
        expect(decision.kind === 'retry' && Number.isFinite(decision.delayMs)).toBe(true);
      }
    }
  });
});
