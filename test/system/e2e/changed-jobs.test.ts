import { describe, expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { newQueue } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';
import { folder } from '../../tasks/task-folder.ts';

const redis = useRedis();
const api = useApi(redis);

const TASKS = {
  'work.mjs': `export default {
    input: { type: 'object', required: ['n'] },
    handler: (payload, { job, log }) => { log('at work'); return { id: job.id, payload }; },
  };`,
};
const start = async (queue: string) =>
  startWorker(redis.url, { QUEUES: queue, TASKS_DIR: await folder(TASKS), CONCURRENCY: '2' });

describe('a TypeScript worker', () => {
  it('runs a changed job under its id, with what it has become, and at once when that is asked for', async () => {
    const queue = newQueue();
    await start(queue);
    const { id } = await api.submit({ task: 'work', queue, payload: { n: 1 }, delay: '1h' });
    await api.http
      .patch(`/jobs/${id}`)
      .send({ payload: { n: 2 }, delay: 0 })
      .expect(200);
    const job = await api.finished(id);
    expect(job).toMatchObject({ id, status: 'completed', attempt: 1, result: { id, payload: { n: 2 } } });
    const { body } = await api.http.get(`/jobs/${id}/logs`).expect(200);
    expect(body.items).toMatchObject([{ message: 'at work' }]);
    const list = await api.http.get(`/queues/${queue}/jobs?status=completed`).expect(200);
    expect(list.body.items).toMatchObject([{ id, result: { id } }]);
  });

  it('looks again at a job that it has refused, once its payload has changed', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ task: 'work', queue, payload: {} });
    await start(queue);
    await until(async () => (await api.get(id)).heldBy === 'task', 'a held job');
    await api.http.patch(`/jobs/${id}`).send({ priority: 'high' }).expect(200);
    await until(async () => (await api.get(id)).heldBy === 'task', 'a job that is held again');
    await api.http
      .patch(`/jobs/${id}`)
      .send({ payload: { n: 1 } })
      .expect(200);
    expect(await api.finished(id)).toMatchObject({ status: 'completed', attempt: 1, result: { id } });
  });

  it('fires no slot of a schedule while its changed job waits', async () => {
    const queue = newQueue();
    await start(queue);
    const schedule = { every: '1s', overlap: 'skip', job: { task: 'other', queue } };
    await api.http.put(`/queues/${queue}/tasks/other`).send({}).expect(200);
    await api.http.put(`/schedules/${queue}`).send(schedule).expect(201);
    const stateOf = async () => (await api.http.get(`/schedules/${queue}`)).body;
    const { lastJob } = await until(async () => {
      const state = await stateOf();
      return state.runs === 1 && state;
    }, 'the first slot');
    await until(async () => (await api.get(lastJob)).heldBy === 'task', 'a held job');
    const before = (await api.http.patch(`/jobs/${lastJob}`).send({ metadata: {} }).expect(200)).body;
    expect(before.id).toBe(lastJob);
    const { skipped } = await stateOf();
    await until(async () => (await stateOf()).skipped > skipped + 1, 'two skipped slots');
    expect(await stateOf()).toMatchObject({ runs: 1, lastJob, lastSkip: { reason: 'overlap' } });
  });
});
