import { beforeAll, describe, expect, it } from 'vitest';
import type { JobEvent } from '../../../src/schemas/event.ts';
import { NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { openStream, typesIn } from '../../helpers/events/sse-client.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis, { UNKNOWN_TASKS: 'accept' });
const workerOf = useManualWorkers(redis);

const turn = (queue: string, submitEvents: boolean) =>
  api.http.put(`/queues/${queue}`).send({ submitEvents }).expect(200);

async function history(queue: string, query = 'type=submitted&limit=1000'): Promise<JobEvent[]> {
  const { body } = await api.http.get(`/queues/${queue}/history?${query}`).expect(200);
  return body.items;
}

const jobsOf = (events: readonly JobEvent[]) => events.map(({ job }) => job);
const idsOf = ({ items }: { items: { id: string }[] }) => items.map(({ id }) => id);
const jobs = (queue: string, count: number) => Array.from({ length: count }, () => ({ task: 'echo', queue }));

describe('a queue with submitEvents', () => {
  const queue = 'told';
  const job = { task: 'echo', queue };
  beforeAll(() => turn(queue, true));

  it.each([
    ['at once', {}],
    ['in another lane', { priority: 'high' }],
    ['later', { delay: '1h' }],
    ['later, in another lane', { delay: '1h', priority: 'low' }],
    ['before it expires', { expiresIn: '1h' }],
  ])('tells of a job that is to run %s', async (_, options) => {
    const before = await history(queue);
    const { id } = await api.submit({ ...job, ...options });
    expect(jobsOf((await history(queue)).slice(before.length))).toEqual([id]);
  });

  it('tells of a job with an Idempotency-Key once', async () => {
    const before = await history(queue);
    const post = () => api.http.post('/jobs').set('idempotency-key', 'a').send(job).expect(202);
    const { body } = await post();
    await post();
    expect(jobsOf((await history(queue)).slice(before.length))).toEqual([body.id]);
  });

  it.each([
    ['a batch', '/jobs/batch'],
    ['an atomic batch', '/jobs/batch?atomic=true'],
  ])('tells of each job of %s once', async (_, path) => {
    const before = await history(queue);
    const { body } = await api.http
      .post(path)
      .send({ jobs: jobs(queue, 450) })
      .expect(207);
    const told = jobsOf((await history(queue)).slice(before.length));
    expect([...told].sort()).toEqual(idsOf(body).sort());
  });

  it('tells of each line of NDJSON', async () => {
    const before = await history(queue);
    const body = jobs(queue, 3)
      .map((one) => JSON.stringify(one))
      .join('\n');
    const answer = await send(api.origin, { path: '/jobs/batch', headers: NDJSON_TYPE, body });
    expect(jobsOf((await history(queue)).slice(before.length)).sort()).toEqual(idsOf(answer.body).sort());
  });

  it('tells streams and durable subscriptions, before the job starts', async () => {
    const worker = await workerOf('heard');
    await turn('heard', true);
    await api.http.put('/queues/heard/subscriptions/all').send({}).expect(201);
    const streams = [await openStream(api.origin, '/queues/heard/events')];
    streams.push(await openStream(api.origin, '/events?type=submitted,completed'));
    const { id } = await api.submit({ task: 'echo', queue: 'heard' });
    await worker.complete(await worker.take(), 1);
    const [ofQueue, ofAll] = await Promise.all([streams[0]?.count(3), streams[1]?.count(2)]);
    expect(typesIn(ofQueue ?? [])).toEqual(['submitted', 'started', 'completed']);
    expect(ofAll?.map(({ type, data }) => [type, data['job']])).toEqual([
      ['submitted', id],
      ['completed', id],
    ]);
    const { body } = await api.http.post('/queues/heard/subscriptions/all/read').send({}).expect(200);
    expect(body.events).toMatchObject([
      { type: 'submitted', job: id },
      { type: 'started' },
      { type: 'completed' },
    ]);
    const ofJob = await openStream(api.origin, `/jobs/${id}/events`, { lastEventId: '0-0' });
    await ofJob.ended;
    expect(typesIn(ofJob.messages)).toEqual(['submitted', 'started', 'completed']);
    for (const stream of streams) stream.close();
  });

  it('keeps its maxJobs: a refused job makes no event', async () => {
    await turn('bounded', true);
    await api.http.put('/queues/bounded').send({ maxJobs: 2 }).expect(200);
    const { body } = await api.http
      .post('/jobs/batch')
      .send({ jobs: jobs('bounded', 4) })
      .expect(207);
    const stored = (body.items as { id?: string }[]).flatMap(({ id }) => id ?? []);
    expect(stored).toHaveLength(2);
    expect(jobsOf(await history('bounded')).sort()).toEqual(stored.sort());
  });
});

describe('a queue without submitEvents', () => {
  it('tells of no submit, also when it told of them before', async () => {
    const options = [{}, { delay: '1h' }, { expiresIn: '1h' }];
    const submitAll = () =>
      Promise.all(options.map((one) => api.submit({ task: 'echo', queue: 'quiet', ...one })));
    await submitAll();
    await turn('quiet', true);
    const told = await submitAll();
    await turn('quiet', false);
    await submitAll();
    expect(jobsOf(await history('quiet', 'limit=100')).sort()).toEqual(told.map(({ id }) => id).sort());
  });
});

it('is heard by an API process that has cached the queue without it', async () => {
  const other = await startApi(redis.url, { UNKNOWN_TASKS: 'accept' });
  try {
    const post = () =>
      send(other.origin, {
        headers: { 'content-type': 'application/json' },
        body: '{"task":"echo","queue":"late"}',
      });
    expect((await post()).status).toBe(202);
    await turn('late', true);
    await until(async () => (await post()).status === 202 && (await history('late')).length > 0, 'an event');
  } finally {
    await other.app.close();
  }
});
