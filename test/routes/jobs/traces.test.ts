import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { newQueue, take, takeOne } from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const TRACE = { traceparent: TRACEPARENT, tracestate: 'a=1,b=2' };
const OTHER = { traceparent: '00-11111111111111111111111111111111-2222222222222222-00' };

async function submit(job: object, headers: Record<string, string> = TRACE, path = '/jobs'): Promise<Job> {
  const answer = await api.http.post(path).set(headers).send(job);
  expect(answer.status, answer.text).toBe(202);
  return answer.body as Job;
}

describe('a trace of a submit', () => {
  it('is shown with the job, and given to its worker over HTTP', async () => {
    const queue = newQueue();
    const { id, trace } = await submit({ task: 'a', queue });
    expect(trace).toEqual(TRACE);
    expect((await api.get(id)).trace).toEqual(TRACE);
    const { jobs } = await take(api, { queues: [queue] });
    expect(jobs).toMatchObject([{ id, trace: TRACE }]);
  });

  it.each([
    ['not valid', { traceparent: 'x', tracestate: 'a=1' }, undefined],
    ['not valid in part', { traceparent: TRACEPARENT, tracestate: 'A' }, { traceparent: TRACEPARENT }],
  ])('that is %s does not refuse the job', async (_, headers, kept) => {
    expect((await submit({ task: 'a', queue: newQueue() }, headers)).trace).toEqual(kept);
  });

  it('is stored in the options of the entry, where a job without one has none', async () => {
    const queue = newQueue();
    await submit({ task: 'a', queue }, {});
    await submit({ task: 'a', queue });
    const entries = await redis.client.xrange(queueKeys('mr', queue).stream.normal, '-', '+');
    const options = entries.map(([, fields]) => fields[5]);
    expect(options).toEqual(['', JSON.stringify({ tp: TRACE.traceparent, ts: TRACE.tracestate })]);
  });

  it.each([
    ['JSON', { 'content-type': 'application/json' }, (jobs: object[]) => JSON.stringify({ jobs })],
    ['NDJSON', NDJSON_TYPE, (jobs: object[]) => jobs.map((job) => JSON.stringify(job)).join('\n')],
    [
      'JSON, all or none',
      { 'content-type': 'application/json' },
      (jobs: object[]) => JSON.stringify({ jobs }),
      '?atomic=true',
    ],
    [
      'NDJSON with a key',
      { ...NDJSON_TYPE, 'idempotency-key': 'k' },
      (jobs: object[]) => jobs.map((job) => JSON.stringify(job)).join('\n'),
    ],
  ])('belongs to each job of a batch: %s', async (_, headers, write, query = '') => {
    const job = { task: 'a', queue: newQueue() };
    const path = `/jobs/batch${query}`;
    const answer = await send(api.origin, {
      path,
      headers: { ...headers, ...TRACE },
      body: write([job, { ...job, delay: 60_000 }]),
    });
    expect(answer.status, answer.text).toBe(207);
    for (const { id } of answer.body.items) expect((await api.get(id)).trace).toEqual(TRACE);
  });

  it('does not make a repeated request another one', async () => {
    const job = { task: 'a', queue: newQueue() };
    const first = await submit(job, { ...TRACE, 'idempotency-key': 'same' });
    const again = await submit(job, { ...OTHER, 'idempotency-key': 'same' });
    expect(again).toMatchObject({ id: first.id, trace: TRACE });
  });

  it('stays with a job that waits for its client, is changed, fails, is retried and completes', async () => {
    const queue = newQueue();
    const { id } = await submit({ task: 'a', queue, delay: 60_000, attempts: 1 }, TRACE, '/jobs?wait=0.01');
    const changed = await api.http.patch(`/jobs/${id}`).send({ delay: 0, payload: 1 }).expect(200);
    expect(changed.body.trace).toEqual(TRACE);
    const failing = await takeOne(api, { queues: [queue] });
    await api.http
      .post(`/jobs/${id}/fail`)
      .send({ lease: failing.lease, error: { message: 'x' } })
      .expect(200);
    expect(await api.get(id)).toMatchObject({ status: 'failed', trace: TRACE });
    await api.http.post(`/jobs/${id}/retry`).expect(202);
    const again = await takeOne(api, { queues: [queue] });
    expect(again.job).toMatchObject({ id, trace: TRACE });
    await api.http.post(`/jobs/${id}/complete`).send({ lease: again.lease }).expect(200);
    expect(await api.get(id)).toMatchObject({ status: 'completed', trace: TRACE });
  });

  it('is taken over by a rerun that has none of its own', async () => {
    const { id } = await submit({ task: 'a', queue: newQueue(), keepPayload: true });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    expect(await submit({}, {}, `/jobs/${id}/rerun`)).toMatchObject({ rerunOf: id, trace: TRACE });
    expect(await submit({}, OTHER, `/jobs/${id}/rerun`)).toMatchObject({ rerunOf: id, trace: OTHER });
  });
});
