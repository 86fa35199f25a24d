import { describe, expect, it } from 'vitest';
import { JobPage } from '../../../src/schemas/http.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { QueueList, QueueStats, QueueSummary } from '../../../src/schemas/queue.ts';
import { LISTED_STATUSES, type ListedStatus, PRIORITIES } from '../../../src/schemas/values/names.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

async function stats(queue: string): Promise<QueueStats> {
  const { body } = await api.http.get(`/queues/${queue}/stats`).expect(200);
  expectShape(QueueStats, body);
  return body;
}

function expectToAddUp({ counts, totals }: QueueStats): void {
  const places = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const { submitted, completed, cancelled, expired, purged } = totals;
  expect(submitted).toBe(places + completed + cancelled + expired + purged);
}

/** All pages of a listing, one after the other. */
async function pages(path: string, limit: number): Promise<Job[][]> {
  const found: Job[][] = [];
  const join = path.includes('?') ? '&' : '?';
  for (let cursor = ''; ; ) {
    const { body } = await api.http.get(`${path}${join}limit=${limit}${cursor}`).expect(200);
    expectShape(JobPage, body);
    found.push(body.items);
    if (body.nextCursor === undefined) return found;
    cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
}

/** Seven jobs of each status that can be listed, over all lanes. */
async function fill(queue: string): Promise<Map<ListedStatus, string[]>> {
  const worker = await workerOf(queue);
  const submit = async (more: (i: number) => object = () => ({})) => {
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) {
      const priority = PRIORITIES[i % PRIORITIES.length];
      ids.push((await api.submit({ task: 'echo', queue, priority, ...more(i) })).id);
    }
    return ids;
  };
  const ids = new Map<ListedStatus, string[]>();
  ids.set('failed', await submit());
  for (const delivery of await worker.takeNow(7)) await worker.bury(delivery);
  ids.set('retrying', await submit());
  for (const delivery of await worker.takeNow(7)) await worker.retry(delivery, 3_600_000);
  ids.set('running', await submit());
  expect(await worker.takeNow(7)).toHaveLength(7);
  ids.set('scheduled', await submit((i) => ({ delay: `${i + 1}h` })));
  ids.set('queued', await submit());
  return ids;
}

describe('GET /queues', () => {
  it('lists every queue by name, with counts', async () => {
    for (const queue of ['b', 'a', 'B', 'a.1']) await api.submit({ task: 'echo', queue });
    const { body } = await api.http.get('/queues').expect(200);
    expectShape(QueueList, body);
    const items: QueueSummary[] = body.items;
    const names = items.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['B', 'a', 'a.1', 'b']));
    expect(items.find(({ name }) => name === 'a')).toEqual({
      name: 'a',
      paused: false,
      submitEvents: false,
      counts: { queued: 1, scheduled: 0, running: 0, retrying: 0, failed: 0 },
    });
  });
});

describe('pages of queues', () => {
  it('show every queue once, by name', async () => {
    for (const queue of ['z3', 'z1', 'z2']) await api.submit({ task: 'echo', queue });
    const { body: whole } = await api.http.get('/queues').expect(200);
    expect(whole).not.toHaveProperty('nextCursor');
    const names: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await api.http.get(`/queues?limit=2${cursor}`).expect(200);
      expectShape(QueueList, body);
      names.push(...body.items.map(({ name }: QueueSummary) => name));
      if (body.nextCursor === undefined) break;
      expect(body.items).toHaveLength(2);
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(names).toEqual(whole.items.map(({ name }: QueueSummary) => name));
    for (const query of ['limit=0', 'limit=1001', 'cursor=e30', 'cursor='])
      expectProblem(await api.http.get(`/queues?${query}`), 400, 'invalid-request');
  });
});

describe('GET /queues/{name}/stats', () => {
  it('adds up after changes of all kinds', async () => {
    const queue = 'sums';
    const worker = await workerOf(queue);
    const purged = await api.submit({ task: 'echo', queue, priority: 'critical' });
    await worker.bury(await worker.take());
    await api.http.delete(`/jobs/${purged.id}`).expect(204);
    const completed = await api.submit({ task: 'echo', queue, priority: 'critical' });
    const delivery = await worker.take();
    expect(await worker.complete(delivery, 1)).toBe('done');
    expect(await worker.complete(delivery, 1)).toBe('repeated');
    expect(await worker.bury(delivery)).toBe('stale');
    await api.http.delete(`/jobs/${completed.id}`).expect(204);
    const cancelled = await api.submit({ task: 'echo', queue, delay: '1h' });
    await api.http.post(`/jobs/${cancelled.id}/cancel`).expect(200);
    const expired = await api.submit({ task: 'echo', queue, expiresIn: 0 });
    await api.http.delete(`/jobs/${expired.id}`).expect(204);

    await fill(queue);

    const seen = await stats(queue);
    expect(seen).toMatchObject({
      queue,
      paused: false,
      counts: { queued: 7, scheduled: 7, running: 7, retrying: 7, failed: 7 },
      lanes: { critical: 2, high: 2, normal: 2, low: 1 },
      totals: {
        submitted: 39,
        completed: 1,
        failed: 8,
        cancelled: 1,
        expired: 1,
        retried: 7,
        recovered: 0,
        staleCommits: 1,
        purged: 1,
      },
      workers: [{ name: worker.name, running: 7 }],
    });
    expectToAddUp(seen);
    expect(seen.memoryBytes).toBeGreaterThan(1_000);
    const [job] = await pages(`/queues/${queue}/jobs?status=queued`, 100);
    const oldest = Math.min(...(job ?? []).map(({ createdAt }) => Date.parse(createdAt)));
    expect(Math.abs(Date.now() - oldest - seen.oldestQueuedMs)).toBeLessThan(2_000);
  });

  it('adds up after a worker has drained the queue', async () => {
    const worker = await workerOf('drained');
    for (let i = 0; i < 20; i += 1) await api.submit({ task: 'echo', queue: 'drained' });
    for (const delivery of await worker.takeNow(20)) await worker.complete(delivery, null);
    const seen = await stats('drained');
    expect(seen).toMatchObject({ totals: { submitted: 20, completed: 20 }, oldestQueuedMs: 0 });
    expect(Object.values(seen.counts)).toEqual([0, 0, 0, 0, 0]);
    expectToAddUp(seen);
  });
});

describe('GET /queues/{name}/jobs', () => {
  it('lists every job exactly once, page by page, by status or not', async () => {
    const ids = await fill('paged');
    for (const status of LISTED_STATUSES) {
      const found = await pages(`/queues/paged/jobs?status=${status}`, 3);
      expect(found.slice(0, 2).map(({ length }) => length)).toEqual([3, 3]);
      const jobs = found.flat();
      expect(jobs.map(({ id }) => id).sort()).toEqual([...(ids.get(status) ?? [])].sort());
      expect(new Set(jobs.map((job) => job.status))).toEqual(new Set([status]));
      for (const job of jobs) expect(job).toEqual({ ...(await api.get(job.id)), startedAt: job.startedAt });
    }
    const all = [...ids.values()].flat().sort();
    for (const limit of [3, 7, 100]) {
      const found = (await pages('/queues/paged/jobs', limit)).flat();
      expect(found.map(({ id }) => id).sort()).toEqual(all);
    }
  });

  it('continues from a cursor whose job has left', async () => {
    const ids = await fill('moving');
    for (const status of ['queued', 'scheduled'] as const) {
      const first = await api.http.get(`/queues/moving/jobs?status=${status}&limit=3`).expect(200);
      const seen: Job[] = first.body.items;
      await api.http.post(`/jobs/${seen[2]?.id}/cancel`).expect(200);
      const { body } = await api.http.get(
        `/queues/moving/jobs?status=${status}&limit=10&cursor=${first.body.nextCursor}`,
      );
      const rest: Job[] = body.items;
      expect([...seen, ...rest].map(({ id }) => id).sort()).toEqual([...(ids.get(status) ?? [])].sort());
    }
  });

  it('lists scheduled jobs by start time and queued jobs in the order of delivery', async () => {
    const ids = await fill('ordered');
    const scheduled = (await pages('/queues/ordered/jobs?status=scheduled', 100)).flat();
    expect(scheduled.map(({ id }) => id)).toEqual(ids.get('scheduled'));
    const queued = (await pages('/queues/ordered/jobs?status=queued', 2)).flat();
    expect(queued.map(({ priority }) => priority)).toEqual([
      ...['critical', 'critical', 'high', 'high', 'normal', 'normal', 'low'],
    ]);
  });

  it('is empty for a queue that was only paused', async () => {
    await api.http.post('/queues/empty/pause').expect(200);
    const { body } = await api.http.get('/queues/empty/jobs').expect(200);
    expect(body).toEqual({ items: [] });
  });

  it('lists 100 jobs by default', async () => {
    const jobs = Array.from({ length: 120 }, () => ({ task: 'echo', queue: 'hundred' }));
    await api.http.post('/jobs/batch').send({ jobs }).expect(207);
    const { body } = await api.http.get('/queues/hundred/jobs').expect(200);
    expect(body.items).toHaveLength(100);
    expect(await pages('/queues/hundred/jobs', 1_000)).toMatchObject([{ length: 120 }]);
  });
});

describe('pause and resume', () => {
  it('stop and restart deliveries, while submits are accepted', async () => {
    const worker = await workerOf('pause');
    for (let i = 0; i < 2; i += 1) {
      const { body } = await api.http.post('/queues/pause/pause').expect(200);
      expectShape(QueueSummary, body);
      expect(body).toMatchObject({ name: 'pause', paused: true });
    }
    await api.submit({ task: 'echo', queue: 'pause' });
    expect(await worker.takeNow()).toEqual([]);
    expect(await stats('pause')).toMatchObject({ paused: true, counts: { queued: 1 } });
    for (let i = 0; i < 2; i += 1) {
      const { body } = await api.http.post('/queues/pause/resume').expect(200);
      expect(body).toMatchObject({ name: 'pause', paused: false });
    }
    expect(await worker.takeNow()).toHaveLength(1);
  });
});
