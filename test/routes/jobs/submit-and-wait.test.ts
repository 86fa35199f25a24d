import type { Response } from 'supertest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Job } from '../../../src/schemas/job.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { isOnCluster, until, useRedis } from '../../helpers/redis/server.ts';
import { type ManualWorker, useManualWorkers } from '../../helpers/workers/manual-worker.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
useWorker(redis, { QUEUES: 'real' });

/** Half of the wait: who is faster was woken, since no waiter looks again by itself in this file. */
const TOLD_MS = 25_000;

beforeEach(() => {
  // The pause before a waiter polls without an event is random. In a Cluster the client chooses nodes by chance, too.
  if (!isOnCluster) vi.spyOn(Math, 'random').mockReturnValue(1_000);
});
afterEach(() => vi.restoreAllMocks());

interface Wish {
  query?: string;
  prefer?: string;
}

/** Submits with a wait that runs beside the test. */
async function submitAndWait(
  queue: string,
  { query = '', prefer }: Wish,
  job: object = {},
): Promise<Response> {
  const request = api.http.post(`/jobs${query}`);
  if (prefer !== undefined) request.set('prefer', prefer);
  return request.send({ task: 'echo', queue, ...job });
}

describe('a submit that waits', () => {
  it('answers 202 when the job has not ended in time', async () => {
    const answer = await submitAndWait('nobody', { query: '?wait=0.05' });
    expect(answer.status).toBe(202);
    expect(answer.body.status).toBe('queued');
    expect(answer.headers).toMatchObject({ location: `/jobs/${answer.body.id}`, 'retry-after': '1' });
    expect(answer.headers['preference-applied']).toBeUndefined();
    expect(await api.get(answer.body.id)).toEqual(answer.body);
  });

  it('shows the progress of the job in the response', async () => {
    const worker = await workerOf('halfway');
    const pending = submitAndWait('halfway', { prefer: 'wait=4' });
    await worker.take();
    const answer = await pending;
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ status: 'running', worker: worker.name, attempt: 1 });
    expect(answer.headers['preference-applied']).toBe('wait=4');
  });

  it.each([
    ['completed', async (worker: ManualWorker) => worker.complete(await worker.take(), { done: true })],
    ['failed', async (worker: ManualWorker) => worker.bury(await worker.take())],
    ['cancelled', async (worker: ManualWorker) => worker.cancel(await worker.take())],
  ])('answers 200 as soon as the job is %s', async (status, end) => {
    const pending = submitAndWait(status, { prefer: 'wait=50' });
    expect(await end(await workerOf(status))).toBe('done');
    const began = performance.now();
    const answer = await pending;
    expect(performance.now() - began).toBeLessThan(TOLD_MS);
    expect(answer.status).toBe(200);
    expectShape(Job, answer.body);
    expect(answer.body).toMatchObject({ status, queue: status });
    expect(answer.headers['location']).toBe(`/jobs/${answer.body.id}`);
    expect(answer.headers['preference-applied']).toBe('wait=50');
    expect(answer.headers['retry-after']).toBeUndefined();
  });

  it('answers 200 when the job expires during the wait without a worker', async () => {
    const began = performance.now();
    const answer = await submitAndWait('lapse', { query: '?wait=50' }, { expiresIn: '200ms' });
    expect(performance.now() - began).toBeLessThan(TOLD_MS);
    expect(answer.status).toBe(200);
    expect(answer.body.status).toBe('expired');
  });

  it('answers with the result of a real worker', async () => {
    const answer = await submitAndWait('real', { prefer: 'wait=30' }, { payload: { n: 1 } });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'completed', result: { n: 1 } });
  });

  it('waits through failed attempts', async () => {
    const worker = await workerOf('again');
    const pending = submitAndWait('again', { prefer: 'wait=50' });
    await worker.retry(await worker.take(), 0);
    await worker.complete(await worker.take(), 2);
    expect((await pending).body).toMatchObject({ status: 'completed', attempt: 2, result: 2 });
  });

  it.each([
    ['a wait above the maximum', { prefer: 'wait=100' }, 60_000, 'wait=60'],
    [
      'one preference of several',
      { prefer: 'respond-async, wait=7; x=y, handling=lenient' },
      7_000,
      'wait=7',
    ],
    ['a quoted value, in capitals', { prefer: 'Wait="8"' }, 8_000, 'wait=8'],
    ['the first of two', { prefer: 'wait=9, wait=1' }, 9_000, 'wait=9'],
    ['a query beside the header', { query: '?wait=5', prefer: 'wait=1' }, 5_000, undefined],
  ])('reads the wait from %s', async (_name, preference, waitMs, applied) => {
    const wait = vi.spyOn(api.app.waiter, 'wait');
    const pending = submitAndWait('wishes', preference);
    const worker = await workerOf('wishes');
    await worker.complete(await worker.take(), null);
    const answer = await pending;
    expect(answer.status).toBe(200);
    expect(wait.mock.calls.map(([, , ms]) => ms)).toEqual([waitMs]);
    expect(answer.headers['preference-applied']).toBe(applied);
  });

  it.each(['wait', 'wait=', 'wait=abc', 'wait=-1', 'wait=1.5', 'wait=0', 'return=minimal', ''])(
    'does not wait for the preference "%s"',
    async (prefer) => {
      const wait = vi.spyOn(api.app.waiter, 'wait');
      const answer = await submitAndWait('unheard', { prefer });
      expect(answer.status).toBe(202);
      expect(wait).not.toHaveBeenCalled();
    },
  );

  it('rejects a wait above the maximum, and stores nothing', async () => {
    expectProblem(await submitAndWait('refused', { query: '?wait=100' }), 400, 'invalid-request', ['/wait']);
    expect(await redis.client.keys('*refused*')).toEqual([]);
  });

  it('keeps the job when its client disconnects', async () => {
    const wait = vi.spyOn(api.app.waiter, 'wait');
    const gone = new AbortController();
    const request = fetch(`${api.origin}/jobs?wait=50`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ task: 'echo', queue: 'gone' }),
      signal: gone.signal,
    }).catch((error: Error) => error.name);
    await until(() => wait.mock.calls.length === 1, 'a waiter');
    gone.abort();
    expect(await request).toBe('AbortError');
    // The waiter ends with its client, not with its time.
    expect(await wait.mock.results[0]?.value).toMatchObject({ status: 'queued' });
    expect(await (await workerOf('gone')).takeNow()).toHaveLength(1);
  });
});
