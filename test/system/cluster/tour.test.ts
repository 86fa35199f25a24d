import { describe, expect, it } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { aclRules } from '../../../src/redis/acl/acl-rules.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { until } from '../../helpers/redis/server.ts';
import { readinessOf } from '../../helpers/telemetry/scrape.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

/** Their slots are at all three primaries. */
const QUEUES = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7'];

/** What docs/how-to/scale.md adds to the ACL line in a Cluster. */
const CLUSTER_COMMANDS = ['+cluster|info', '+cluster|slots'];

const cluster = useCluster({ rules: [...aclRules('mr').split(' '), ...CLUSTER_COMMANDS] });
const api = useApi(cluster);
const healthPort = await freePort();
useWorker(cluster, {
  QUEUES: [...QUEUES, 'default'].join(','),
  CONCURRENCY: '10',
  HEALTH_PORT: String(healthPort),
});

describe('in a Cluster', () => {
  it('the service is ready and says so', async () => {
    expect((await api.http.get('/readyz')).body).toMatchObject({
      ready: true,
      topology: 'cluster',
      durability: 'off',
      replicas: { have: 0 },
    });
  });

  it('the worker is ready and says so at HEALTH_PORT', async () => {
    const origin = `http://127.0.0.1:${healthPort}`;
    await until(async () => (await readinessOf(origin)).ready, 'a ready worker');
  });

  it('60 requests at once over 8 queues are all served', async () => {
    const of = <T>(items: readonly T[], i: number) => items[i % items.length] as T;
    const submits = Array.from({ length: 60 }, (_, i) =>
      api.http.post('/jobs').send({ task: 'echo', payload: i, queue: of(QUEUES, i) }),
    );
    const jobs = await Promise.all(submits);
    expect(jobs.map(({ status }) => status)).toEqual(jobs.map(() => 202));
    const ended = await Promise.all(jobs.map(({ body }) => api.finished(body.id)));
    expect(ended.map(({ status, result }) => [status, result])).toEqual(jobs.map((_, i) => ['completed', i]));
    const reads = await Promise.all(
      jobs.flatMap(({ body }, i) => [
        api.http.get(`/jobs/${body.id}`),
        api.http.get(`/queues/${of(QUEUES, i)}/stats`),
        api.http.get(`/queues/${of(QUEUES, i)}/jobs`),
      ]),
    );
    expect(reads.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('a wait is answered when the job ends', async () => {
    const { status, body } = await api.http
      .post('/jobs?wait=10')
      .send({ task: 'echo', payload: 'now', queue: 'q3' });
    expect([status, body.status, body.result]).toEqual([200, 'completed', 'now']);
  });

  it('a batch has jobs of several queues', async () => {
    const jobs = QUEUES.map((queue, i) => ({ task: 'echo', queue, payload: i }));
    const { status, body } = await api.http.post('/jobs/batch').send({ jobs });
    expect([status, body.items.map((item: { status: number }) => item.status)]).toEqual([
      207,
      jobs.map(() => 202),
    ]);
    for (const { id } of body.items) expect((await api.finished(id)).status).toBe('completed');
  });

  it('a keyed submit is repeated', async () => {
    const submit = () =>
      api.http.post('/jobs').set('Idempotency-Key', 'one').send({ task: 'echo', queue: 'q5', payload: 1 });
    const first = await submit();
    expect(first.status).toBe(202);
    expect((await submit()).body.id).toBe(first.body.id);
  });

  it('lists of queues, workers, jobs and metrics answer', async () => {
    for (const path of [
      '/queues',
      '/workers',
      '/jobs',
      '/schedules',
      '/metrics',
      '/jobs?tag=a&queue=q1',
      '/keys',
    ]) {
      const { status, text } = await api.http.get(path);
      expect([path, status < 500, text]).toMatchObject([path, true, expect.anything()]);
    }
    expect((await api.http.get('/queues')).body.items.length).toBeGreaterThanOrEqual(QUEUES.length);
  });

  it('HTTP workers take jobs of several queues under one lease', async () => {
    const queues = ['http0', 'http1', 'http2'];
    for (const queue of queues) await api.submit({ task: 'any', queue });
    const taken: string[] = [];
    await until(async () => {
      const { status, body } = await api.http.post('/leases').send({ queues, max: 10, waitMs: 2_000 });
      expect(status).toBe(200);
      const complete = body.jobs.map(({ id }: { id: string }) => ({ id, result: 1 }));
      taken.push(...body.jobs.map(({ queue }: { queue: string }) => queue));
      if (complete.length > 0) {
        const settled = await api.http.post(`/leases/${body.lease}/settle`).send({ complete });
        expect(settled.body.items.map((item: { status: number }) => item.status)).toEqual(
          complete.map(() => 200),
        );
      }
      return taken.length === queues.length;
    }, 'all jobs are taken');
    expect([...taken].sort()).toEqual(queues);
  });

  it('a schedule fires', async () => {
    const put = await api.http
      .put('/schedules/often')
      .send({ every: '1s', job: { task: 'echo', queue: 'q6', payload: 'tick' } });
    expect(put.status).toBeLessThan(300);
    await until(async () => {
      const { body } = await api.http.get('/queues/q6/jobs?status=completed');
      return body.items.some(({ result }: { result: unknown }) => result === 'tick');
    }, 'a job of the schedule');
    expect((await api.http.delete('/schedules/often')).status).toBeLessThan(300);
  });

  it('a job is cancelled, and retried ones go on', async () => {
    const later = await api.submit({ task: 'echo', queue: 'q7', delay: '1h' });
    expect((await api.http.post(`/jobs/${later.id}/cancel`).send({})).status).toBeLessThan(300);
    expect((await api.get(later.id)).status).toBe('cancelled');
    const failing = await api.submit({ task: 'fail', queue: 'q2', attempts: 1 });
    expect((await api.finished(failing.id)).status).toBe('failed');
    expect((await api.http.post(`/jobs/${failing.id}/retry`).send({})).status).toBe(202);
  });

  it('events of all queues come in one stream', async () => {
    const answer = await fetch(`${api.origin}/events`, { headers: { accept: 'application/x-ndjson' } });
    const jobs = await Promise.all(QUEUES.map((queue) => api.submit({ task: 'echo', queue })));
    const missing = new Set(jobs.map(({ id }) => id));
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) {
      const text = decoder.decode(chunk, { stream: true });
      for (const id of missing) if (text.includes(id)) missing.delete(id);
      if (missing.size === 0) break;
    }
    expect([...missing]).toEqual([]);
  });

  it('a batch of several queues is stored in steps, or refused where it must be one', async () => {
    const batch = { jobs: QUEUES.map((queue) => ({ task: 'echo', queue })) };
    for (const submit of [
      api.http.post('/jobs/batch?atomic=true'),
      api.http.post('/jobs/batch').set('Idempotency-Key', 'several'),
    ]) {
      const { status, body } = await submit.send(batch);
      expect([status, body.code]).toEqual([409, 'batch-not-atomic']);
    }
    const ofOne = { jobs: batch.jobs.map((job) => ({ ...job, queue: 'q4' })) };
    expect((await api.http.post('/jobs/batch?atomic=true').send(ofOne)).status).toBe(207);
  });

  it('needs no more than the ACL of docs/how-to/scale.md allows', async () => {
    const logs = await Promise.all(cluster.primaries.map(({ client }) => client.acl('LOG')));
    expect(logs).toEqual([[], [], []]);
  });
});
