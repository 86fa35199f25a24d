import { describe, expect, it } from 'vitest';
import { parseJobId } from '../../../../src/redis/job-id.ts';
import { GROUP } from '../../../../src/redis/keys.ts';
import { expectProblem } from '../../../helpers/api/expect-schema.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { changesOf } from '../../../helpers/jobs/change.ts';
import { post, takeOne } from '../../../helpers/leases/http-worker.ts';
import { sweepAll } from '../../../helpers/lifecycle/sweep-all.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
const { patch, etagOf, statsOf } = changesOf(api);

const payloadOf = ({ fields }: { fields: string[] }) => JSON.parse(fields[3] ?? '');

describe('a change is refused', () => {
  it.each(['running', 'retrying', 'failed', 'completed', 'cancelled', 'expired'])(
    'for a %s job',
    async (status) => {
      const queue = `late-${status}`;
      const worker = await workerOf(queue);
      const { id } = await api.submit({ task: 'echo', queue, ...(status === 'expired' && { expiresIn: 0 }) });
      if (status === 'cancelled') await api.http.post(`/jobs/${id}/cancel`).expect(200);
      const delivery = ['cancelled', 'expired'].includes(status) ? undefined : await worker.take();
      if (delivery && status === 'retrying') await worker.retry(delivery, 3_600_000);
      if (delivery && status === 'failed') await worker.bury(delivery);
      if (delivery && status === 'completed') await worker.complete(delivery, 1);
      const before = await api.get(id);
      const answer = await patch(id, { payload: 1, delay: 0 });
      expectProblem(answer, 409, 'job-started');
      expect(answer.body.jobStatus).toBe(status);
      expect(await api.get(id)).toEqual(before);
    },
  );

  it.each(['a checkpoint', 'a log', 'a cancel'])(
    'for a job that waits again with %s of a worker',
    async (what) => {
      const queue = `begun-${what.slice(2)}`;
      const worker = await workerOf(queue);
      const { id } = await api.submit({ task: 'echo', queue, payload: 'old' });
      const { lease } = await takeOne(api, { queues: [queue] });
      if (what === 'a checkpoint') await post(api, `/jobs/${id}/checkpoint`, { lease, checkpoint: 1 });
      if (what === 'a log') await post(api, `/jobs/${id}/log`, { lease, lines: ['here'] });
      if (what === 'a cancel') await api.http.post(`/jobs/${id}/cancel`).expect(202);
      // Redis loses the delivery, and a sweep finds the job.
      const { entryId = '' } = parseJobId(id)?.ref ?? {};
      await redis.client.xack(worker.keys.stream.normal, GROUP, entryId);
      await sweepAll(redis.client, worker.keys);
      expect((await api.get(id)).status).toBe('queued');
      expectProblem(await patch(id, { payload: 'new' }), 409, 'job-started');
      expect(await api.get(id)).toMatchObject({ status: 'queued', payload: 'old' });
    },
  );

  it('when the job is not as If-Match says', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'match' });
    const first = await etagOf(id);
    expect((await patch(id, { payload: 1 }, { 'if-match': `"x", ${first}` })).status).toBe(200);
    const refused = await patch(id, { payload: 2 }, { 'if-match': first });
    expectProblem(refused, 412, 'precondition-failed');
    const second = await etagOf(id);
    expectProblem(await patch(id, { payload: 2 }, { 'if-match': `W/${second}` }), 412, 'precondition-failed');
    expect((await api.get(id)).payload).toBe(1);
    expect((await patch(id, { payload: 2 }, { 'if-match': second })).status).toBe(200);
    expect((await patch(id, { payload: 3 }, { 'if-match': '*' })).status).toBe(200);
  });

  it('when a submit would be', async () => {
    const input = { type: 'object', required: ['n'] };
    await api.http.put('/queues/schema/tasks/work').send({ input }).expect(200);
    const { id } = await api.submit({ task: 'work', queue: 'schema', payload: { n: 1 } });
    expectProblem(await patch(id, { payload: {} }), 422, 'invalid-payload', ['/payload/n']);
    const body = { attempts: 0, delay: '1', metadata: { a: 1 }, task: 'other' };
    expectProblem(await patch(id, body), 400, 'invalid-request', [
      '/attempts',
      '/delay',
      '/metadata/a',
      '/task',
    ]);
    expectProblem(await patch(id, { delay: 1, runAt: '2099-01-01T00:00:00Z' }), 400, 'invalid-request', [
      '/runAt',
    ]);
    expectProblem(await patch(id, { timeout: '30d' }), 400, 'invalid-request', ['/timeout']);
    expectProblem(await patch(id, { runAt: '2999-01-01T00:00:00Z' }), 400, 'invalid-request', ['/runAt']);
    expectProblem(await patch('nothing', {}), 404, 'job-not-found');
    expect(await api.get(id)).toMatchObject({ payload: { n: 1 }, attempt: 0 });
  });
});

it('either changes a job or is too late, whatever a worker does meanwhile', async () => {
  const queue = 'race';
  const worker = await workerOf(queue);
  const jobs = await Promise.all(
    Array.from({ length: 60 }, () => api.submit({ task: 'echo', queue, payload: 'old' })),
  );
  const ran = new Map<string, unknown>();
  const changes = Promise.all(
    jobs.map(async ({ id }) => [id, (await patch(id, { payload: 'new' })).status] as const),
  );
  for (let count = 0; count < jobs.length; ) {
    const deliveries = await worker.takeNow(3);
    count += deliveries.length;
    for (const delivery of deliveries) {
      await worker.complete(delivery, payloadOf(delivery));
    }
  }
  for (const { id } of jobs) ran.set(id, (await api.finished(id)).result);
  const outcomes = new Map(await changes);
  for (const { id } of jobs)
    expect([id, outcomes.get(id), ran.get(id)]).toEqual([
      id,
      ...(ran.get(id) === 'new' ? [200, 'new'] : [409, 'old']),
    ]);
  expect((await statsOf(queue)).totals).toMatchObject({ submitted: 60, completed: 60, staleCommits: 0 });
});
