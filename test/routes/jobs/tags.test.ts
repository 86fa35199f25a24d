import { describe, expect, it } from 'vitest';
import { SWEEP_START, type SweepPosition, sweep } from '../../../src/lifecycle/scripts/sweep.ts';
import { type QueueKeys, queueKeys, queuesKey } from '../../../src/redis/keys.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import { type Answer, NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

const find = (query: Record<string, string | number | string[]>) => api.http.get('/jobs').query(query);
const idsOf = (items: readonly { id?: string }[]) => items.flatMap(({ id }) => id ?? []);
const found = async (query: Record<string, string | number | string[]>) =>
  idsOf((await find(query).expect(200)).body.items);

/** Reads all pages. */
async function findAll(query: Record<string, string | number | string[]>): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const { body }: Answer = await find({ ...query, ...(cursor && { cursor }) }).expect(200);
    jobs.push(...body.items);
    cursor = body.nextCursor;
  }
  return jobs;
}

async function sweepAll(keys: QueueKeys): Promise<void> {
  for (let position: SweepPosition = SWEEP_START; position !== 'end'; ) {
    position = (await sweep(redis.client, keys, position)).next;
  }
}

describe('tags of a job', () => {
  it('are kept, each once, through its life, and find it in whatever status', async () => {
    const worker = await workerOf('life');
    const job = await api.submit({ task: 'echo', queue: 'life', tags: ['life', 'é ~', 'life'] });
    expect(job.tags).toEqual(['life', 'é ~']);
    const statuses: string[] = [];
    const look = async () => {
      for (const tag of ['life', 'é ~']) {
        const { items } = (await find({ tag }).expect(200)).body;
        expect(items).toMatchObject([{ id: job.id, tags: ['life', 'é ~'] }]);
        statuses.push(items[0].status);
      }
    };
    await look();
    await worker.retry(await worker.take(), 0);
    await look();
    const delivery = await worker.take();
    await look();
    await worker.bury(delivery);
    await look();
    await api.http.post(`/jobs/${job.id}/retry`).expect(202);
    await worker.complete(await worker.take(), 1);
    await look();
    expect(statuses.filter((_, i) => i % 2 === 0)).toEqual([
      'queued',
      'queued',
      'running',
      'failed',
      'completed',
    ]);
  });

  it('come with every kind of submit', async () => {
    const single = await api.submit({ task: 'echo', queue: 'kinds', tags: ['kinds'] });
    const delayed = await api.submit({
      task: 'echo',
      queue: 'kinds',
      tags: ['kinds'],
      delay: '1h',
      expiresIn: '2h',
    });
    const job = { task: 'echo', queue: 'kinds', tags: ['kinds', 'more'] };
    const batch = (
      await api.http
        .post('/jobs/batch')
        .send({ jobs: [job, job] })
        .expect(207)
    ).body;
    const atomic = (
      await api.http
        .post('/jobs/batch?atomic=true')
        .send({ jobs: [job] })
        .expect(207)
    ).body;
    const lines = await send(api.origin, {
      path: '/jobs/batch',
      headers: NDJSON_TYPE,
      body: `${JSON.stringify(job)}\n${JSON.stringify({ ...job, tags: [] })}`,
    });
    await api.http
      .put('/schedules/tagged')
      .send({ every: '1h', job: { ...job, tags: ['kinds', 'planned'] } })
      .expect(201);
    await api.http.post('/schedules/tagged/run').expect(202);
    const ids = [single.id, delayed.id, ...[batch, atomic, lines.body].flatMap(({ items }) => idsOf(items))];
    const [planned] = await found({ tag: 'planned' });
    expect(ids).toHaveLength(7);
    const tagged = await found({ tag: 'kinds', limit: 100 });
    expect(tagged.sort()).toEqual([...ids.slice(0, -1), planned].sort());
    await api.http.delete('/schedules/tagged').expect(204);
  });

  it('are those of its schedule when a slot fires', async () => {
    await api.http
      .put('/schedules/fires')
      .send({
        every: '1s',
        maxRuns: 1,
        job: { task: 'echo', queue: 'fires', tags: ['slot'], expiresIn: '1h' },
      })
      .expect(201);
    const ids = await until(async () => {
      const jobs = await found({ tag: 'slot' });
      return jobs.length > 0 && jobs;
    }, 'the job of the slot');
    expect((await api.get(ids[0] ?? '')).tags).toEqual(['slot']);
  });

  it('are changed, kept by other changes, and taken over by a rerun', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'changes', tags: ['before', 'both'] });
    const patch = (body: object) => api.http.patch(`/jobs/${id}`).send(body).expect(200);
    expect((await patch({ payload: 1 })).body.tags).toEqual(['before', 'both']);
    expect(await found({ tag: 'before' })).toEqual([id]);
    expect((await patch({ tags: ['after', 'both'] })).body.tags).toEqual(['after', 'both']);
    expect(await found({ tag: 'before' })).toEqual([]);
    for (const tag of ['after', 'both']) expect(await found({ tag })).toEqual([id]);
    expect((await patch({ tags: [] })).body).not.toHaveProperty('tags');
    expect(await redis.client.exists('mr:{changes}:tagged')).toBe(0);
    await patch({ tags: ['after'] });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    const rerun = await api.http.post(`/jobs/${id}/rerun`).send({ payload: 2 }).expect(202);
    expect(rerun.body.tags).toEqual(['after']);
    expect(await found({ tag: 'after' })).toEqual([rerun.body.id, id]);
  });

  it('leave the index when the job is gone, with the next search or sweep', async () => {
    const keys = queueKeys('mr', 'gone');
    const [kept, searched, swept] = [
      await api.submit({ task: 'echo', queue: 'gone', tags: ['gone'] }),
      await api.submit({ task: 'echo', queue: 'gone', tags: ['gone', 'searched'] }),
      await api.submit({ task: 'echo', queue: 'gone', tags: ['gone', 'swept'] }),
    ];
    for (const { id } of [searched, swept]) {
      await api.http.patch(`/jobs/${id}`).send({ priority: 'high' }).expect(200);
      await api.http.post(`/jobs/${id}/cancel`).expect(200);
    }
    await sweepAll(keys);
    expect(await redis.client.zcard(keys.tagged)).toBe(5);
    for (const { id } of [searched, swept]) await api.http.delete(`/jobs/${id}`).expect(204);
    expect(await found({ tag: 'searched' })).toEqual([]);
    expect(await redis.client.zcard(keys.tagged)).toBe(4);
    await redis.client.zadd(keys.tagged, 0, 'by\nhand');
    await sweepAll(keys);
    expect(await redis.client.zcard(keys.tagged)).toBe(1);
    expect(await found({ tag: 'gone' })).toEqual([kept.id]);
  });

  it.each([
    [{ tags: Array.from({ length: 11 }, (_, i) => `t${i}`) }, '/tags'],
    [{ tags: ['x'.repeat(65)] }, '/tags/0'],
    [{ tags: ['ok', ''] }, '/tags/1'],
    [{ tags: ['a\nb'] }, '/tags/0'],
    [{ tags: 'a' }, '/tags'],
  ])('are refused as %j', async (more, pointer) => {
    const answer = await api.http.post('/jobs').send({ task: 'echo', queue: 'refused', ...more });
    expectProblem(answer, 400, 'invalid-request', [pointer]);
  });
});

describe('GET /jobs?tag=', () => {
  it('finds the jobs that have all the tags over all queues, the newest first, page by page', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 12; i += 1) {
      const tags = ['all', i % 2 === 0 ? 'even' : 'odd', ...(i % 3 === 0 ? ['third'] : [])];
      ids.unshift((await api.submit({ task: 'echo', queue: `over-${i % 3}`, tags, payload: i })).id);
    }
    const jobs = await findAll({ tag: 'all', limit: 5 });
    expect(idsOf(jobs).sort()).toEqual([...ids].sort());
    expect(jobs.map(({ createdAt }) => createdAt)).toEqual(
      jobs
        .map(({ createdAt }) => createdAt)
        .sort()
        .reverse(),
    );
    expect(
      (await findAll({ tag: ['all', 'third', 'even'], limit: 1 })).map(({ payload }) => payload),
    ).toEqual([6, 0]);
    expect((await findAll({ tag: 'all', queue: 'over-1' })).map(({ payload }) => payload)).toEqual([
      10, 7, 4, 1,
    ]);
    expect(await found({ tag: ['odd', 'even'] })).toEqual([]);
    expect((await find({ tag: 'all', payload: 'false' })).body.items[0]).not.toHaveProperty('payload');
  });

  it('selects by task, status and time of the submit', async () => {
    const worker = await workerOf('filters');
    const first = await api.submit({ task: 'echo', queue: 'filters', tags: ['filters'] });
    await worker.complete(await worker.take(), 1);
    await until(() => Date.now() > Date.parse(first.createdAt) + 1, 'a later time');
    const second = await api.submit({ task: 'other', queue: 'filters', tags: ['filters'], delay: '1h' });
    const only = (more: Record<string, string>) => found({ tag: 'filters', ...more });
    expect(await only({ task: 'other' })).toEqual([second.id]);
    expect(await only({ status: 'completed' })).toEqual([first.id]);
    expect(await only({ status: 'running' })).toEqual([]);
    expect(await only({ to: first.createdAt })).toEqual([first.id]);
    expect(await only({ from: second.createdAt })).toEqual([second.id]);
    expect(await only({ from: first.createdAt, to: second.createdAt })).toEqual([second.id, first.id]);
  });

  it.each([
    [{ tag: '' }, '/tag'],
    [{ tag: Array.from({ length: 11 }, (_, i) => `t${i}`) }, '/tag'],
    [{ tag: 'a', from: 'yesterday' }, '/from'],
    [{ tag: 'a', cursor: 'x' }, '/cursor'],
    [{ idempotencyKey: 'k', tag: 'a' }, '/tag'],
    [{ idempotencyKey: 'k', from: '2026-01-31T12:00:00Z' }, '/from'],
  ])('refuses %j', async (query, pointer) => {
    expectProblem(await find(query), 400, 'invalid-request', [pointer]);
  });

  it('refuses to search very many queues, and says what to do', async () => {
    const names = Array.from({ length: 1_001 }, (_, i) => `many-${i}`);
    const fill = redis.client.pipeline().sadd(queuesKey('mr'), ...names);
    for (const name of names) fill.zadd(queueKeys('mr', name).tagged, 0, 'other\nplace');
    await fill.exec();
    const refused = await find({ tag: 'a' });
    expectProblem(refused, 400, 'invalid-request', ['/queue']);
    expect(refused.body.errors[0].detail).toContain('Search them one by one');
    expect(await found({ tag: 'a', queue: 'many-0' })).toEqual([]);
    await redis.client.srem(queuesKey('mr'), ...names);
  });
});

describe('GET /jobs without a tag', () => {
  it('lists the jobs queue by queue, or those of one queue', async () => {
    const submit = async (queue: string, task = 'echo') =>
      (await api.submit({ task, queue, delay: '2h' })).id;
    const left = [await submit('list-a'), await submit('list-a', 'other')];
    const right = [await submit('list-b')];
    expect(idsOf(await findAll({ queue: 'list-a', limit: 1 }))).toEqual(left);
    expect(await found({ queue: 'list-a', task: 'other' })).toEqual([left[1]]);
    expect(await found({ queue: 'list-a', status: 'running' })).toEqual([]);
    const all = idsOf(await findAll({ status: 'scheduled', limit: 1 }));
    expect(all.filter((id) => id.startsWith('list-'))).toEqual([...left, ...right]);
    await api.http.post(`/jobs/${right[0]}/cancel`).expect(200);
    expect(await found({ queue: 'list-b', status: 'cancelled' })).toEqual(right);
    expect(await found({ queue: 'list-b', status: 'cancelled', task: 'other' })).toEqual([]);
    expectProblem(await find({ cursor: ' ' }), 400, 'invalid-request', ['/cursor']);
  });
});

describe('DELETE /queues/{name}/jobs?tag=', () => {
  it('cancels the waiting jobs that have the tags, in steps', async () => {
    const submit = async (tags: string[], more: object = {}) =>
      (await api.submit({ task: 'echo', queue: 'cancels', tags, ...more })).id;
    const worker = await workerOf('cancels');
    const running = await submit(['x']);
    await worker.take();
    const queued = [await submit(['x']), await submit(['x', 'y']), await submit(['x'], { task: 'other' })];
    const others = [await submit(['y']), await submit(['x'], { delay: '1h' })];
    await api.http.patch(`/jobs/${queued[0]}`).send({ payload: 5 }).expect(200);
    const cancel = async (query: string) =>
      (await api.http.delete(`/queues/cancels/jobs?${query}`).expect(200)).body;
    expect(await cancel('status=queued&tag=x&tag=y')).toEqual({ count: 1 });
    expect(await cancel('status=queued&tag=x&task=other')).toEqual({ count: 1 });
    const { count, nextCursor } = await cancel('status=queued&tag=x&limit=1');
    expect(count).toBe(0);
    expect((await cancel(`status=queued&tag=x&cursor=${nextCursor}`)).count).toBe(1);
    for (const id of queued) expect((await api.get(id)).status).toBe('cancelled');
    const left = await Promise.all([running, ...others].map(async (id) => (await api.get(id)).status));
    expect(left).toEqual(['running', 'queued', 'scheduled']);
    const wrong = await api.http.delete('/queues/cancels/jobs?status=queued&tag=x&cursor=1.x');
    expectProblem(wrong, 400, 'invalid-request', ['/cursor']);
  });

  it('selects failed jobs by their tags, too', async () => {
    const worker = await workerOf('dead');
    const ids: string[] = [];
    for (const tags of [['x'], ['y'], ['x', 'y']]) {
      ids.push((await api.submit({ task: 'echo', queue: 'dead', tags })).id);
      await worker.bury(await worker.take());
    }
    const retried = await api.http
      .post('/queues/dead/dead/retry')
      .send({ tag: ['x', 'y'] })
      .expect(200);
    expect(retried.body).toEqual({ count: 1 });
    expect((await api.get(ids[2] ?? '')).status).toBe('queued');
    const removed = await api.http.delete('/queues/dead/jobs?status=failed&tag=x').expect(200);
    expect(removed.body).toEqual({ count: 1 });
    expect((await api.get(ids[1] ?? '')).status).toBe('failed');
  });
});
