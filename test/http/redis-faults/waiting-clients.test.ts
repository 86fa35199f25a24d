import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AWAY_DEADLINE_MS, expectAway, outageOf } from '../../helpers/api/outage.ts';
import { JSON_TYPE, type Message, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
const { healed, resume, suspend, timed } = outageOf(redis, api);

afterEach(() => vi.restoreAllMocks());

describe('a client that waits while Redis', () => {
  const begin = (message: Message, count = 1) => {
    const wait = vi.spyOn(api.app.waiter, 'wait');
    const answer = send(api.origin, message);
    return { answer, waiting: until(() => wait.mock.calls.length === count, 'a waiter') };
  };

  it('dies is answered at once, and a submitter gets the id of its job', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'dies' });
    const read = begin({ method: 'GET', path: `/jobs/${id}?wait=50` });
    await read.waiting;
    const submit = begin(
      { path: '/jobs?wait=50', headers: JSON_TYPE, body: '{"task":"echo","queue":"dies"}' },
      2,
    );
    await submit.waiting;
    const server = redis.server;
    const began = performance.now();
    await server.kill();
    expectAway(await read.answer);
    const answer = await submit.answer;
    expect(performance.now() - began).toBeLessThan(AWAY_DEADLINE_MS);
    expect(answer.status).toBe(202);
    expect(answer.body.id).toMatch(/^dies~n/);
    expect(answer.headers['location']).toBe(`/jobs/${answer.body.id}`);
    redis.replace(await server.restart());
    await healed();
  });

  it('is suspended is answered when Redis resumes', async () => {
    const worker = await workerOf('silent');
    const { id } = await api.submit({ task: 'echo', queue: 'silent' });
    const delivery = await worker.take();
    // The queue is followed from here on, so that the next waiter asks just once before it sleeps.
    await api.http.get(`/jobs/${id}?wait=0.01`).expect(200);
    const read = begin({ method: 'GET', path: `/jobs/${id}?wait=50` });
    await read.waiting;
    // Redis replies in order, so the waiter has its reply by now.
    await api.get(id);
    await api.get(id);
    suspend();
    // Long enough that requests have failed on it.
    expectAway(await timed({ method: 'GET', path: `/jobs/${id}` }));
    resume();
    await healed();
    expect(await (await workerOf('silent')).complete(delivery, 'late')).toBe('done');
    const answer = await read.answer;
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'completed', result: 'late' });
  });
});
