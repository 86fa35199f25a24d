import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../../src/redis/keys.ts';
import { expectProblem } from '../../../helpers/api/expect-schema.ts';
import { NDJSON_TYPE, send } from '../../../helpers/api/send.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { finderOf, idsOf } from '../../../helpers/jobs/find.ts';
import { sweepAll } from '../../../helpers/lifecycle/sweep-all.ts';
import { until, useRedis } from '../../../helpers/redis/server.ts';
import { useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
const { find, findIds } = finderOf(api);

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
    const [planned] = await findIds({ tag: 'planned' });
    expect(ids).toHaveLength(7);
    const tagged = await findIds({ tag: 'kinds', limit: 100 });
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
      const jobs = await findIds({ tag: 'slot' });
      return jobs.length > 0 && jobs;
    }, 'the job of the slot');
    expect((await api.get(ids[0] ?? '')).tags).toEqual(['slot']);
  });

  it('are changed, kept by other changes, and taken over by a rerun', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'changes', tags: ['before', 'both'] });
    const patch = (body: object) => api.http.patch(`/jobs/${id}`).send(body).expect(200);
    expect((await patch({ payload: 1 })).body.tags).toEqual(['before', 'both']);
    expect(await findIds({ tag: 'before' })).toEqual([id]);
    expect((await patch({ tags: ['after', 'both'] })).body.tags).toEqual(['after', 'both']);
    expect(await findIds({ tag: 'before' })).toEqual([]);
    for (const tag of ['after', 'both']) expect(await findIds({ tag })).toEqual([id]);
    expect((await patch({ tags: [] })).body).not.toHaveProperty('tags');
    expect(await redis.client.exists('mr:{changes}:tagged')).toBe(0);
    await patch({ tags: ['after'] });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    const rerun = await api.http.post(`/jobs/${id}/rerun`).send({ payload: 2 }).expect(202);
    expect(rerun.body.tags).toEqual(['after']);
    expect(await findIds({ tag: 'after' })).toEqual([rerun.body.id, id]);
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
    await sweepAll(redis.client, keys);
    expect(await redis.client.zcard(keys.tagged)).toBe(5);
    for (const { id } of [searched, swept]) await api.http.delete(`/jobs/${id}`).expect(204);
    expect(await findIds({ tag: 'searched' })).toEqual([]);
    expect(await redis.client.zcard(keys.tagged)).toBe(4);
    await redis.client.zadd(keys.tagged, 0, 'by\nhand');
    await sweepAll(redis.client, keys);
    expect(await redis.client.zcard(keys.tagged)).toBe(1);
    expect(await findIds({ tag: 'gone' })).toEqual([kept.id]);
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
