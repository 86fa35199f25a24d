import { beforeAll, describe, expect, it } from 'vitest';
import { requeueDead } from '../../../src/lifecycle/scripts/dead-letters.ts';
import { recover } from '../../../src/lifecycle/scripts/recover.ts';
import { formatJobId } from '../../../src/redis/job-id.ts';
import { type QueueKeys, queueKeys } from '../../../src/redis/keys.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { type ManualWorker, useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis, { UNKNOWN_TASKS: 'accept' });
const workerOf = useManualWorkers(redis);

/** How a job that was submitted to a queue comes to wait again, or for the first time. */
type Way = (worker: ManualWorker, keys: QueueKeys, job: object) => Promise<Job>;

async function taken(worker: ManualWorker, job: object) {
  const submitted = await api.submit(job);
  return { submitted, delivery: await worker.take() };
}

const ways: Readonly<Record<string, Way>> = {
  delayed: (_worker, _keys, job) => api.submit({ ...job, delay: 1 }),
  'submitted for a time that is past': (_worker, _keys, job) =>
    api.submit({ ...job, runAt: '2001-02-03T04:05:06Z' }),
  retried: async (worker, _keys, job) => {
    const { submitted, delivery } = await taken(worker, job);
    expect(await worker.retry(delivery, 1)).toBe('done');
    return submitted;
  },
  released: async (worker, _keys, job) => {
    const { submitted, delivery } = await taken(worker, job);
    expect(await worker.release(delivery)).toEqual(['done']);
    return submitted;
  },
  'of a lost lease': async (worker, keys, job) => {
    const { submitted, delivery } = await taken(worker, job);
    await recover(redis.client, keys, { consumer: worker.name, lingerMs: 60_000, how: 'killed' });
    expect(await worker.complete(delivery, 1)).toBe('stale');
    return submitted;
  },
  'retried by hand': async (worker, keys, job) => {
    const { submitted, delivery } = await taken(worker, job);
    expect(await worker.bury(delivery)).toBe('done');
    expect(await requeueDead(redis.client, keys, [delivery])).toBe(1);
    return submitted;
  },
};

const statsOf = async (queue: string) => (await api.http.get(`/queues/${queue}/stats`).expect(200)).body;
const listed = async (queue: string, query = '') =>
  (await api.http.get(`/queues/${queue}/jobs${query}`).expect(200)).body.items as Job[];

describe.each(Object.keys(ways))('a job that is %s', (name) => {
  const queue = `due-${Object.keys(ways).indexOf(name)}`;
  const keys = queueKeys('mr', queue);
  let job: Job;

  beforeAll(async () => {
    const worker = await workerOf(queue);
    job = await (ways[name] ?? expect.fail())(worker, keys, { task: 'echo', queue, priority: 'high' });
    await until(async () => (await api.get(job.id)).status === 'queued', 'its time');
  });

  it('counts as queued in its lane, and its age as a wait', async () => {
    await until(async () => (await statsOf(queue)).oldestQueuedMs > 5, 'an age');
    const stats = await statsOf(queue);
    expect(stats.counts).toEqual({ queued: 1, scheduled: 0, running: 0, retrying: 0, failed: 0 });
    expect(stats.oldestQueuedMs).toBeLessThan(600_000);
    const { items } = (await api.http.get('/queues').expect(200)).body;
    expect(items.find((item: { name: string }) => item.name === queue).counts).toEqual(stats.counts);
  });

  it('is listed as queued, and under no other status', async () => {
    expect(await listed(queue)).toMatchObject([{ id: job.id, status: 'queued' }]);
    for (const status of ['queued', 'scheduled', 'retrying', 'running', 'failed']) {
      const ids = (await listed(queue, `?status=${status}`)).map(({ id }) => id);
      expect(ids, status).toEqual(status === 'queued' ? [job.id] : []);
    }
  });
});

it('a job before its time is scheduled or retrying, and changes when the time comes', async () => {
  const worker = await workerOf('change-at-time');
  const { id } = await api.submit({ task: 'echo', queue: 'change-at-time' });
  const soon = async () => {
    const first = await api.http.get(`/jobs/${id}`).expect(200);
    const start = Date.now();
    const changed = await api.http
      .get(`/jobs/${id}?wait=50`)
      .set('if-none-match', String(first.headers['etag']))
      .expect(200);
    expect(changed.body).toMatchObject({ status: 'queued', attempt: 1 });
    expect(changed.headers['etag']).not.toBe(first.headers['etag']);
    return { before: first.body as Job, runAt: changed.body.runAt, waited: Date.now() - start };
  };
  expect(await worker.retry(await worker.take(), 300)).toBe('done');
  const { before, runAt, waited } = await soon();
  expect(before.status).toBe('retrying');
  expect(runAt).toBe(before.runAt);
  // A waiter without this would read again after five seconds at the earliest.
  expect(waited).toBeLessThan(4_500);
});

it('a listing in pages shows every waiting job once, in lanes or due', async () => {
  const queue = 'pages-of-due';
  const ids: string[] = [];
  for (const more of [
    {},
    { delay: 1 },
    { runAt: '2001-01-01T00:00:00Z' },
    { priority: 'low' },
    { delay: '1h' },
  ]) {
    for (let i = 0; i < 2; i += 1) ids.push((await api.submit({ task: 'echo', queue, ...more })).id);
  }
  await until(async () => (await statsOf(queue)).counts.queued === 8, 'their time');
  for (const [status, expected] of [
    ['', ids],
    ['status=queued&', ids.slice(0, 8)],
  ] as const) {
    const found: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await api.http.get(`/queues/${queue}/jobs?${status}limit=3${cursor}`).expect(200);
      found.push(...body.items.map(({ id }: Job) => id));
      if (body.nextCursor === undefined) break;
      cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
    }
    expect(found.toSorted()).toEqual([...expected].sort());
  }
});

describe.each(['delayed', 'retried'])(
  'a critical job that waits beside 200 low jobs that are %s and due',
  (way) => {
    const fill = async (queue: string) => {
      const worker = await workerOf(queue);
      const low = { task: 'echo', queue, priority: 'low', ...(way === 'delayed' && { delay: 1 }) };
      const { body } = await api.http
        .post('/jobs/batch')
        .send({ jobs: Array.from({ length: 200 }, () => low) });
      expect(body.items).toHaveLength(200);
      if (way === 'retried') for (const job of await worker.takeNow(200)) await worker.retry(job, 0);
      await until(async () => (await statsOf(queue)).lanes.low === 200, 'their time');
      const critical = await api.submit({ task: 'echo', queue, priority: 'critical' });
      expect((await statsOf(queue)).lanes).toEqual({ critical: 1, high: 0, normal: 0, low: 200 });
      return { worker, critical };
    };

    it('goes first to a TypeScript worker', async () => {
      const { worker, critical } = await fill(`ts-${way}`);
      expect(formatJobId(`ts-${way}`, await worker.take())).toBe(critical.id);
    });

    it('goes first to an HTTP worker', async () => {
      const { critical } = await fill(`http-${way}`);
      const { body } = await api.http
        .post('/leases')
        .send({ queues: [`http-${way}`], max: 2 })
        .expect(200);
      expect(body.jobs.map(({ id }: Job) => id)[0]).toBe(critical.id);
    });
  },
);
