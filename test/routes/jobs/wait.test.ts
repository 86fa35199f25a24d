import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { FastifyReply } from 'fastify';
import type { Response } from 'supertest';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { requesterOf } from '../../../src/http/request/requester.ts';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { requestText } from '../../helpers/api/wire.ts';
import { isOnCluster, until, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

/** Half of every wait: who is faster was woken by an event, since no waiter looks again by itself in this file. */
const TOLD_MS = 25_000;

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

let wait: MockInstance<typeof api.app.waiter.wait>;
beforeEach(() => {
  wait = vi.spyOn(api.app.waiter, 'wait');
  // The pause before a waiter polls without an event is random. In a Cluster the client chooses nodes by chance, too.
  if (!isOnCluster) vi.spyOn(Math, 'random').mockReturnValue(1_000);
});
afterEach(() => vi.restoreAllMocks());

const waiting = (count: number) => until(() => wait.mock.calls.length === count, `${count} waiters`);

const get = async (id: string, query: string, etag?: string): Promise<Response> => {
  const request = api.http.get(`/jobs/${id}${query}`);
  return etag === undefined ? request : request.set('if-none-match', etag);
};

/** Runs the move once all waiters are there, and returns their answers, which must come by an event. */
async function answersAfter(waiters: Promise<Response>[], move: () => Promise<unknown>): Promise<Response[]> {
  await waiting(waiters.length);
  await move();
  const moved = performance.now();
  const answers = await Promise.all(waiters);
  expect(performance.now() - moved).toBeLessThan(TOLD_MS);
  return answers;
}

async function connections(): Promise<number> {
  const list = String(await redis.client.client('LIST'));
  return list.split('\n').filter((line) => / name=millrace-api/.test(line)).length;
}

describe('a wait for a job', () => {
  it('returns when the job ends', async () => {
    const worker = await workerOf('end');
    const { id } = await api.submit({ task: 'echo', queue: 'end' });
    const delivery = await worker.take();
    const [answer] = await answersAfter([get(id, '?wait=50')], () => worker.complete(delivery, 7));
    expect(answer?.status).toBe(200);
    expect(answer?.body).toMatchObject({ status: 'completed', result: 7 });
    expect(answer?.headers['preference-applied']).toBeUndefined();
  });

  it('returns at once when the job has already ended', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'ended' });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    const [answer] = await answersAfter([get(id, '?wait=50')], async () => undefined);
    expect(answer?.body.status).toBe('cancelled');
  });

  it('returns the current job when the time is over', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'over' });
    const answer = await api.http.get(`/jobs/${id}`).set('prefer', 'wait=1');
    expect(answer.status).toBe(200);
    expect(answer.body.status).toBe('queued');
    expect(answer.headers).toMatchObject({ 'retry-after': '1', 'preference-applied': 'wait=1' });
  });

  it('continues through changes that do not end the job', async () => {
    const worker = await workerOf('moves');
    const { id } = await api.submit({ task: 'echo', queue: 'moves' });
    const [answer] = await answersAfter([get(id, '?wait=50')], async () => {
      const first = await worker.take();
      await worker.progress(first, 1);
      await worker.retry(first, 0);
      await worker.bury(await worker.take());
    });
    expect(answer?.body).toMatchObject({ status: 'failed', attempt: 2 });
  });

  it('returns when the job is removed', async () => {
    const worker = await workerOf('removed');
    const { id } = await api.submit({ task: 'echo', queue: 'removed' });
    const { headers } = await api.http.get(`/jobs/${id}`);
    await worker.bury(await worker.take());
    await api.http.delete(`/jobs/${id}`).expect(204);
    expectProblem(await get(id, '?wait=50', headers['etag']), 410, 'job-gone');
  });

  it('answers 404 for a job that does not exist', async () => {
    expectProblem(await get('nowhere~n1-0', '?wait=50'), 404, 'job-not-found');
  });
});

describe('a wait for a change', () => {
  it('returns when the job starts, reports progress, is retried and ends', async () => {
    const worker = await workerOf('change');
    const { id } = await api.submit({ task: 'echo', queue: 'change' });
    let etag = (await api.http.get(`/jobs/${id}`)).headers['etag'];
    const changed = async (move: () => Promise<unknown>) => {
      wait.mockClear();
      const [answer] = await answersAfter([get(id, '?wait=50', etag)], move);
      expect(answer?.status).toBe(200);
      expect(answer?.headers['etag']).not.toBe(etag);
      etag = answer?.headers['etag'];
      return answer?.body;
    };
    const taken: Awaited<ReturnType<typeof worker.take>>[] = [];
    const last = () => taken.at(-1) ?? expect.fail('nothing was taken');
    const take = async () => taken.push(await worker.take());
    expect(await changed(take)).toMatchObject({ status: 'running', attempt: 1 });
    expect(await changed(() => worker.progress(last(), 0.5))).toMatchObject({ progress: 0.5 });
    expect(await changed(() => worker.retry(last(), 0))).toMatchObject({ status: 'queued', attempt: 1 });
    expect(await changed(take)).toMatchObject({ status: 'running', attempt: 2 });
    expect(await changed(() => worker.complete(last(), 1))).toMatchObject({ status: 'completed' });
  });

  it('returns at once when the job has already changed', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'other' });
    const [answer] = await answersAfter([get(id, '?wait=50', '"other"')], async () => undefined);
    expect(answer?.status).toBe(200);
  });

  it('answers 304 when nothing changed in time', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'same' });
    const { headers } = await api.http.get(`/jobs/${id}`);
    const answer = await get(id, '?wait=0.05', headers['etag']);
    expect([answer.status, answer.text]).toEqual([304, '']);
  });
});

describe('many waiters', () => {
  it('on one job share a connection and all return at its end', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'one' });
    await get(id, '?wait=0.01');
    wait.mockClear();
    const before = await connections();
    const waiters = Array.from({ length: 200 }, () => get(id, '?wait=50'));
    const answers = await answersAfter(waiters, async () => {
      expect(await connections()).toBe(before);
      await api.http.post(`/jobs/${id}/cancel`).expect(200);
    });
    expect(answers.filter(({ body }) => body.status === 'cancelled')).toHaveLength(200);
    // Requests, events, and polls of workers. A Cluster has more.
    if (!isOnCluster) expect(before).toBe(3);
  });

  it.skipIf(isOnCluster)(
    'on jobs of many queues share a connection and each returns at its own end',
    async () => {
      const queues = Array.from({ length: 20 }, (_, i) => `many-${i}`);
      const jobs = await Promise.all(
        queues.flatMap((queue) => Array.from({ length: 10 }, () => api.submit({ task: 'echo', queue }))),
      );
      const before = await connections();
      const waiters = jobs.map(({ id }) => get(id, '?wait=50'));
      const answers = await answersAfter(waiters, async () => {
        expect(await connections()).toBe(before);
        await Promise.all(jobs.map(({ id }) => api.http.post(`/jobs/${id}/cancel`)));
      });
      expect(answers.map(({ body }) => body.id)).toEqual(jobs.map(({ id }) => id));
      expect(answers.every(({ body }) => body.status === 'cancelled')).toBe(true);
    },
  );
});

describe('a waiter', () => {
  it('stops when its client disconnects', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'gone' });
    const gone = new AbortController();
    const request = fetch(`${api.origin}/jobs/${id}?wait=50`, { signal: gone.signal });
    await waiting(1);
    const left = performance.now();
    gone.abort();
    await expect(request).rejects.toThrow();
    expect(await wait.mock.results[0]?.value).toMatchObject({ status: 'queued' });
    expect(performance.now() - left).toBeLessThan(TOLD_MS);
  });

  it('stops when its client has disconnected before it starts', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'gone-early' });
    // Its socket is gone, as that of a client which left while its body was read.
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.write(requestText('GET', '/'));
    const [, raw] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
    client.destroy();
    await once(raw, 'close');
    server.close();
    const began = performance.now();
    const requester = requesterOf({ raw } as FastifyReply);
    const job = await api.app.waiter.wait(id, () => false, 50_000, requester);
    expect(job.status).toBe('queued');
    expect(performance.now() - began).toBeLessThan(TOLD_MS);
  });
});
