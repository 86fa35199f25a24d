import { describe, expect, it } from 'vitest';
import { queueKeys, queuesKey } from '../../../../src/redis/keys.ts';
import { expectProblem } from '../../../helpers/api/expect-schema.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { finderOf, idsOf } from '../../../helpers/jobs/find.ts';
import { until, useRedis } from '../../../helpers/redis/server.ts';
import { useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
const { find, findAll, findIds } = finderOf(api);

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
    expect(await findIds({ tag: ['odd', 'even'] })).toEqual([]);
    expect((await find({ tag: 'all', payload: 'false' })).body.items[0]).not.toHaveProperty('payload');
  });

  it('selects by task, status and time of the submit', async () => {
    const worker = await workerOf('filters');
    const first = await api.submit({ task: 'echo', queue: 'filters', tags: ['filters'] });
    await worker.complete(await worker.take(), 1);
    await until(() => Date.now() > Date.parse(first.createdAt) + 1, 'a later time');
    const second = await api.submit({ task: 'other', queue: 'filters', tags: ['filters'], delay: '1h' });
    const only = (more: Record<string, string>) => findIds({ tag: 'filters', ...more });
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
    await redis.client.sadd(queuesKey('mr'), ...names);
    const fill = (name: string) => redis.client.zadd(queueKeys('mr', name).tagged, 0, 'other\nplace');
    await Promise.all(names.map(fill));
    const refused = await find({ tag: 'a' });
    expectProblem(refused, 400, 'invalid-request', ['/queue']);
    expect(refused.body.errors[0].detail).toContain('Search them one by one');
    expect(await findIds({ tag: 'a', queue: 'many-0' })).toEqual([]);
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
    expect(await findIds({ queue: 'list-a', task: 'other' })).toEqual([left[1]]);
    expect(await findIds({ queue: 'list-a', status: 'running' })).toEqual([]);
    const all = idsOf(await findAll({ status: 'scheduled', limit: 1 }));
    expect(all.filter((id) => id.startsWith('list-'))).toEqual([...left, ...right]);
    await api.http.post(`/jobs/${right[0]}/cancel`).expect(200);
    expect(await findIds({ queue: 'list-b', status: 'cancelled' })).toEqual(right);
    expect(await findIds({ queue: 'list-b', status: 'cancelled', task: 'other' })).toEqual([]);
    expectProblem(await find({ cursor: ' ' }), 400, 'invalid-request', ['/cursor']);
  });
});
