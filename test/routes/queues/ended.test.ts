import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { JobPage } from '../../../src/schemas/http.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const MIB = 1_048_576;
const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

async function page(path: string): Promise<{ items: Job[]; nextCursor?: string }> {
  const { body } = await api.http.get(path).expect(200);
  expectShape(JobPage, body);
  return body;
}

async function pages(path: string): Promise<Job[][]> {
  const found: Job[][] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const { items, nextCursor } = await page(cursor === '' ? path : `${path}&cursor=${cursor}`);
    found.push(items);
    cursor = nextCursor;
  }
  return found;
}

const idsOf = (jobs: readonly Job[]) => jobs.map(({ id }) => id);

/** Completes new jobs of a queue, each with its number as result; gives their ids in the order of their ends. */
async function complete(queue: string, count: number, more: object = {}): Promise<string[]> {
  const worker = await workerOf(queue);
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    ids.push((await api.submit({ task: 'echo', queue, payload: i, ...more })).id);
    await worker.complete(await worker.take(), i);
  }
  return ids;
}

describe('GET /queues/{name}/jobs of ended jobs', () => {
  it('lists them by status, the last one first, as they are read by id', async () => {
    const completed = await complete('ends', 3);
    const cancelled: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      const { id } = await api.submit({ task: 'echo', queue: 'ends', delay: '1h' });
      cancelled.push(id);
      await api.http.post(`/jobs/${id}/cancel`).expect(200);
    }
    const expired = await api.submit({ task: 'echo', queue: 'ends', expiresIn: 0 });
    for (const [status, ids] of Object.entries({ completed, cancelled, expired: [expired.id] })) {
      const { items, nextCursor } = await page(`/queues/ends/jobs?status=${status}`);
      expect(idsOf(items)).toEqual(ids.toReversed());
      expect(nextCursor).toBeUndefined();
      for (const job of items) expect(job).toEqual(await api.get(job.id));
    }
    expect((await page('/queues/ends/jobs')).items).toEqual([]);
  });

  it('gives every job once, in pages of any size', async () => {
    const ids = await complete('paged', 7);
    for (const limit of [1, 2, 3, 7, 100]) {
      const found = await pages(`/queues/paged/jobs?status=completed&limit=${limit}`);
      expect(idsOf(found.flat())).toEqual(ids.toReversed());
      for (const jobs of found) expect(jobs.length).toBeLessThanOrEqual(limit);
    }
  });

  it('leaves out jobs whose result is gone, so that a page may be empty and still have a cursor', async () => {
    const [first = ''] = await complete('gone', 1);
    for (const id of await complete('gone', 2)) await api.http.delete(`/jobs/${id}`).expect(204);
    const found = await pages('/queues/gone/jobs?status=completed&limit=1');
    expect(found.map(idsOf)).toEqual([[], [], [first]]);
  });

  it('shows a job once that failed, was retried by hand and completed', async () => {
    const worker = await workerOf('again');
    const { id } = await api.submit({ task: 'echo', queue: 'again' });
    await worker.bury(await worker.take());
    await api.http.post(`/jobs/${id}/retry`).expect(202);
    await worker.complete(await worker.take(), 'well');
    const { items } = await page('/queues/again/jobs?status=completed');
    expect(items).toMatchObject([{ id, result: 'well' }]);
    expect((await page('/queues/again/jobs?status=failed')).items).toEqual([]);
  });

  it('shows a job only at its last end, also across pages', async () => {
    const [id = ''] = await complete('twice', 1);
    const keys = queueKeys('mr', 'twice');
    const [entry] = await redis.client.xrevrange(keys.events, '+', '-', 'COUNT', 1);
    const [endedAt = ''] = entry?.[0].split('-') ?? [];
    // No request ends a job twice with the same status. An accident of Redis might: its event is then there twice.
    await redis.client.del(keys.events);
    for (const at of [Number(endedAt) - 5, Number(endedAt)])
      await redis.client.xadd(keys.events, `${at}-0`, ...(entry?.[1] ?? []));
    const found = await pages('/queues/twice/jobs?status=completed&limit=1');
    expect(found.map(idsOf)).toEqual([[id], []]);
  });

  it('leaves out payloads where the client does not want them', async () => {
    await complete('bare', 1, { keepPayload: true });
    const path = '/queues/bare/jobs?status=completed';
    expect((await page(path)).items).toMatchObject([{ payload: 0, result: 0 }]);
    const [bare] = (await page(`${path}&payload=false`)).items;
    expect(bare).toMatchObject({ result: 0 });
    expect(bare).not.toHaveProperty('payload');
  });

  it('is bounded in bytes, and its pages together show every job', async () => {
    const worker = await workerOf('large');
    const ids: string[] = [];
    for (let i = 0; i < 12; i += 1) {
      ids.push((await api.submit({ task: 'echo', queue: 'large' })).id);
      await worker.complete(await worker.take(), i % 6 === 5 ? i : 'x'.repeat(MIB));
    }
    const found = await pages('/queues/large/jobs?status=completed&limit=100');
    expect(idsOf(found.flat())).toEqual(ids.toReversed());
    expect(found.map(({ length }) => length)).toEqual([9, 3]);
  });

  it('reads no more than 5,000 entries for a page', async () => {
    const [id = ''] = await complete('far', 1);
    const keys = queueKeys('mr', 'far');
    for (let i = 0; i < 6; i += 1) {
      const pipeline = redis.client.pipeline();
      for (let j = 0; j < 1_000; j += 1) pipeline.xadd(keys.events, '*', 'e', 'started', 'j', 'n1-0');
      await pipeline.exec();
    }
    const found = await pages('/queues/far/jobs?status=completed&limit=10');
    expect(found.map(idsOf)).toEqual([[], [id]]);
  });

  it('refuses a cursor of another listing, and a status that there is not', async () => {
    await complete('wrong', 2);
    const path = '/queues/wrong/jobs?status=completed';
    for (const cursor of ['', 'x', 'MCA', '5-0-1~q'])
      expectProblem(await api.http.get(`${path}&cursor=${cursor}`), 400, 'invalid-request', ['/cursor']);
    expectProblem(await api.http.get('/queues/wrong/jobs?status=done'), 400, 'invalid-request', ['/status']);
    await api.http.get('/queues/none/jobs?status=completed').expect(200, { items: [] });
  });
});
