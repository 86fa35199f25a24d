import { expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { KeyJobsList } from '../../../src/schemas/queues/keys.ts';
import { encodeCursor } from '../../../src/schemas/values/cursor.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { take } from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

async function list(query: string): Promise<KeyJobsList> {
  const { body } = await api.http.get(`/queues/keyed/keys?${query}`).expect(200);
  expectShape(KeyJobsList, body);
  return body;
}

it('lists the keys of a queue with their jobs, page by page, and the busiest in its statistics', async () => {
  const { holds, runningKeys } = queueKeys('mr', 'keyed');
  const member = (key: string, n: number) => `key:${key}\n\n31${'1'.padStart(13, '0')} n1-${n}`;
  await redis.client.zadd(holds, 0, member('a\\"b', 1), 0, member('a\\"b', 2), 0, member('é', 3));
  await redis.client.zadd(runningKeys, 0, 'c\nn1-4');
  const first = await list('limit=2');
  expect(first).toEqual({
    items: [
      { key: 'a"b', held: 2, running: 0 },
      { key: 'c', held: 0, running: 1 },
    ],
    nextCursor: expect.any(String),
  });
  expect(await list(`limit=2&cursor=${first.nextCursor}`)).toEqual({
    items: [{ key: 'é', held: 1, running: 0 }],
  });
  const { body } = await api.http.get('/queues/keyed/stats').expect(200);
  expect(body.keys.map(({ key }: { key: string }) => key)).toEqual(['a"b', 'c', 'é']);
});

it('counts what waits for a key and what runs', async () => {
  await api.http
    .put('/queues/one-each')
    .send({ perKey: { concurrency: 1 } })
    .expect(200);
  const submit = (key?: string) => api.submit({ task: 'echo', queue: 'one-each', key });
  for (const key of ['a', 'a', 'a', 'b \n"', undefined]) await submit(key);
  const { lease, jobs } = await take(api, { queues: ['one-each'], max: 10 });
  expect(jobs).toHaveLength(3);
  const look = async () => {
    const [keys, stats] = await Promise.all([
      api.http.get('/queues/one-each/keys').expect(200),
      api.http.get('/queues/one-each/stats').expect(200),
    ]);
    expect(stats.body.keys).toEqual(keys.body.items);
    return { items: keys.body.items, held: stats.body.held.key };
  };
  const items = [
    { key: 'a', held: 2, running: 1 },
    { key: 'b \n"', held: 0, running: 1 },
  ];
  expect(await look()).toEqual({ items, held: 2 });
  for (const { id } of jobs) await api.http.post(`/jobs/${id}/complete`).send({ lease }).expect(200);
  expect(await look()).toEqual({ items: [{ key: 'a', held: 2, running: 0 }], held: 2 });
});

it('is empty for a queue whose keys have no limits', async () => {
  const { body } = await api.http.get('/queues/plain/keys').expect(200);
  expect(body).toEqual({ items: [] });
  expect((await api.http.get('/queues/plain/stats').expect(200)).body).not.toHaveProperty('keys');
});

it('refuses a cursor that no page gave', async () => {
  for (const cursor of ['x', '!!', `${encodeCursor('a')}=`]) {
    const answer = await api.http.get('/queues/keyed/keys').query({ cursor });
    expectProblem(answer, 400, 'invalid-request', ['/cursor']);
  }
});
