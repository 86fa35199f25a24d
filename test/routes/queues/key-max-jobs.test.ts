import { expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { newQueue, post, take } from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, { UNKNOWN_TASKS: 'accept' });

async function limited(maxJobs: number): Promise<string> {
  const queue = newQueue();
  await api.http.put(`/queues/${queue}`).send({ perKey: { maxJobs } }).expect(200);
  return queue;
}

const submit = (queue: string, key?: string) =>
  post(api, '/jobs', { task: 'work', queue, ...(key !== undefined && { key }) });

it('refuses a job of a key that has as many as it may have, and says what to do', async () => {
  const queue = await limited(2);
  for (const key of ['a', 'b', 'a']) expect((await submit(queue, key)).status).toBe(202);
  const refused = await submit(queue, 'a');
  expect(refused).toMatchObject({ status: 429, body: { code: 'key-full' } });
  expect((refused.body as { detail: string }).detail).toContain(`PUT /queues/${queue}`);
  expect((await submit(queue, 'b')).status).toBe(202);
  expect((await submit(queue)).status).toBe(202);
});

it('counts jobs that run or wait for their key, and no longer those that have ended', async () => {
  const queue = await limited(3);
  await api.http
    .put(`/queues/${queue}`)
    .send({ perKey: { concurrency: 1 } })
    .expect(200);
  for (let i = 0; i < 3; i += 1) expect((await submit(queue, 'a')).status).toBe(202);
  const { lease, jobs } = await take(api, { queues: [queue], max: 5 });
  expect(jobs).toHaveLength(1);
  expect((await submit(queue, 'a')).status).toBe(429);
  await post(api, `/jobs/${jobs[0]?.id}/complete`, { lease });
  expect((await submit(queue, 'a')).status).toBe(202);
  expect((await submit(queue, 'a')).status).toBe(429);
});

it('refuses each job of a batch by itself, and an atomic batch as a whole', async () => {
  const queue = await limited(2);
  const jobs = ['a', 'a', 'a', 'b'].map((key) => ({ task: 'work', queue, key }));
  const atomic = await post(api, '/jobs/batch?atomic=true', { jobs });
  expect(atomic.status).toBe(429);
  const { items } = (await post(api, '/jobs/batch', { jobs })).body as { items: { status: number }[] };
  expect(items.map(({ status }) => status)).toEqual([202, 202, 429, 202]);
});

it.each([{ unique: true }, { cache: '1h' }, { debounce: { wait: 1 } }])(
  'refuses a job with %j where it would be stored, and answers one that has its place',
  async (rule) => {
    const queue = await limited(1);
    const send = (payload: number, path = '/jobs') => {
      const job = { task: 'work', queue, key: 'a', payload, ...rule };
      return post(api, path, path === '/jobs' ? job : { jobs: [job] });
    };
    expect((await submit(queue, 'a')).status).toBe(202);
    expect(await send(1)).toMatchObject({ status: 429, body: { code: 'key-full' } });
    expect(await send(1, '/jobs/batch?atomic=true')).toMatchObject({
      status: 429,
      body: { code: 'key-full' },
    });
    await take(api, { queues: [queue] }).then(({ lease, jobs }) =>
      post(api, `/jobs/${jobs[0]?.id}/complete`, { lease }),
    );
    expect((await send(1)).status).toBe(202);
    expect((await send(1)).status).toBe(200);
  },
);
