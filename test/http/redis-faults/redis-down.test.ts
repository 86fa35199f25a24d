import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import supertest from 'supertest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type RedisServer, startRedis } from '../../../src/local/redis-server.ts';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import { type Answer, JSON_TYPE, type Message, NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { newQueue, post, submitMany, takeOne } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

/** About a second on an idle machine; without a deadline nobody would be answered at all. */
const DEADLINE_MS = 15_000;

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

/** Of a form that could be one. */
const LEASE = `me.${'0'.repeat(24)}~n5c~default`;

const ROUTES: readonly Message[] = [
  { path: '/jobs', headers: JSON_TYPE, body: '{"task":"echo"}' },
  { path: '/jobs', headers: JSON_TYPE, body: '{"task":"echo","delay":"1h"}' },
  { path: '/jobs?wait=30', headers: JSON_TYPE, body: '{"task":"echo"}' },
  { path: '/jobs/batch', headers: JSON_TYPE, body: '{"jobs":[{"task":"echo"},{"task":"echo"}]}' },
  { path: '/jobs/batch', headers: NDJSON_TYPE, body: '{"task":"echo"}\n'.repeat(5_000) },
  { path: '/jobs/batch?atomic=true', headers: JSON_TYPE, body: '{"jobs":[{"task":"echo"}]}' },
  { method: 'GET', path: '/jobs/default~n1-0' },
  { method: 'GET', path: '/jobs/default~n1-0?wait=30' },
  { method: 'POST', path: '/jobs/default~n1-0/cancel' },
  { method: 'DELETE', path: '/jobs/default~n1-0' },
  { method: 'GET', path: '/queues' },
  { method: 'GET', path: '/queues/default/stats' },
  { method: 'GET', path: '/queues/default/jobs' },
  { method: 'GET', path: '/queues/default/pending' },
  { method: 'POST', path: '/queues/default/pause' },
  { method: 'POST', path: '/queues/default/resume' },
  { path: '/leases', headers: JSON_TYPE, body: '{"queues":["default"]}' },
  { path: '/leases', headers: JSON_TYPE, body: '{"queues":["default"],"waitMs":30000}' },
  { path: `/leases/${LEASE}/heartbeat` },
  { path: `/leases/${LEASE}/settle?next=1`, headers: JSON_TYPE, body: '{"release":[{"id":"default~n1-0"}]}' },
  { path: '/jobs/default~n1-0/complete', headers: JSON_TYPE, body: `{"lease":"${LEASE}"}` },
  { path: '/jobs/default~n1-0/progress', headers: JSON_TYPE, body: `{"lease":"${LEASE}","progress":1}` },
  { method: 'PUT', path: '/queues/default/tasks/echo' },
  { method: 'GET', path: '/tasks' },
  { method: 'PUT', path: '/schedules/x', headers: JSON_TYPE, body: '{"every":"1h","job":{"task":"echo"}}' },
  { method: 'GET', path: '/schedules/x' },
  { method: 'GET', path: '/schedules' },
  { method: 'POST', path: '/schedules/x/pause' },
  { method: 'POST', path: '/schedules/x/resume' },
  { method: 'POST', path: '/schedules/x/run' },
  { method: 'GET', path: '/schedules/x/preview' },
  { path: '/schedules/preview', headers: JSON_TYPE, body: '{"every":"1h"}' },
  { method: 'DELETE', path: '/schedules/x' },
  { method: 'GET', path: '/pending' },
  { method: 'GET', path: '/queues/default/history' },
  { method: 'GET', path: '/jobs/default~n1-0/events' },
  { method: 'GET', path: '/queues/default/subscriptions' },
  { method: 'PUT', path: '/queues/default/subscriptions/a', headers: JSON_TYPE, body: '{}' },
  { method: 'GET', path: '/queues/default/subscriptions/a' },
  { method: 'DELETE', path: '/queues/default/subscriptions/a' },
  { path: '/queues/default/subscriptions/a/read', headers: JSON_TYPE, body: '{"waitMs":30000}' },
  { path: '/queues/default/subscriptions/a/ack', headers: JSON_TYPE, body: '{"ids":["1-1-1"]}' },
];
/** They do not end by themselves where Redis answers. */
const STREAMS: readonly Message[] = [
  { method: 'GET', path: '/queues/default/events' },
  { method: 'GET', path: '/events' },
  { method: 'GET', path: '/events', headers: { 'last-event-id': '0-0' } },
];

async function timed(message: Message): Promise<Answer> {
  const began = performance.now();
  const answer = await send(api.origin, message);
  expect(performance.now() - began, message.path).toBeLessThan(DEADLINE_MS);
  return answer;
}

function expectAway(answer: Answer): void {
  expectProblem(answer, 503, 'redis-unavailable');
  expect(answer.headers['retry-after']).toBe('1');
}

async function expectAllAway(): Promise<void> {
  expect((await timed({ method: 'GET', path: '/livez' })).status).toBe(200);
  const ready = await timed({ method: 'GET', path: '/readyz' });
  expect([ready.status, ready.body.ready]).toEqual([503, false]);
  expect(ready.body.reasons.join()).toMatch(/^Redis does not answer: ./);
  // Errors of the client keep their own status.
  expectProblem(await timed({ path: '/jobs', headers: JSON_TYPE, body: '{}' }), 400, 'invalid-request', [
    '/task',
  ]);
  for (const message of [...ROUTES, ...STREAMS]) expectAway(await timed(message));
}

const CONNECTIONS = ['millrace-api', 'millrace-api-events', 'millrace-api-polls'];

/** Each connection of the service comes back at a time of its own. */
async function healed(): Promise<void> {
  await until(async () => (await api.http.get('/readyz')).status === 200, 'a service that is ready again');
  await until(async () => {
    const names = [...String(await redis.client.client('LIST').catch(() => '')).matchAll(/ name=(\S*)/g)].map(
      ([, name]) => name,
    );
    return CONNECTIONS.every((name) => names.includes(name));
  }, 'the connections of the service');
}

async function expectAllWell(): Promise<void> {
  await healed();
  for (const message of ROUTES.filter(({ path, body }) => !`${path}${body}`.includes('wait'))) {
    expect((await send(api.origin, message)).status, message.path).toBeLessThan(500);
  }
  const { id } = await api.submit({ task: 'echo', queue: 'healed' });
  await api.http.post(`/jobs/${id}/cancel`).expect(200);
  expect((await api.finished(id)).status).toBe('cancelled');
}

const stop = () => process.kill(redis.server.pid, 'SIGSTOP');
const goOn = () => process.kill(redis.server.pid, 'SIGCONT');

afterEach(() => vi.restoreAllMocks());

it('answers waiting polls when Redis goes down', async () => {
  const server = redis.server;
  const body = JSON.stringify({ queues: ['polled'], waitMs: 30_000 });
  const polls = [1, 2, 3].map(() => send(api.origin, { path: '/leases', headers: JSON_TYPE, body }));
  // Once somebody watches the queue, all of them wait.
  await until(
    async () => /cmd=xread /.test(String(await redis.client.client('LIST').catch(() => ''))),
    'polls that wait',
  );
  await server.kill();
  for (const poll of polls) expectAway(await poll);
  redis.replace(await server.restart());
  await healed();
});

describe('while Redis', () => {
  it('is dead, every route answers 503 at once and works after the restart', async () => {
    await api.submit({ task: 'echo' });
    const server = redis.server;
    await server.kill();
    await expectAllAway();
    redis.replace(await server.restart());
    await expectAllWell();
  });

  it('is suspended, every route answers 503 within a second and works when Redis resumes', async () => {
    await api.submit({ task: 'echo' });
    stop();
    try {
      await expectAllAway();
      // Many at once wait no longer than one.
      const answers = await Promise.all([...ROUTES, ...STREAMS].map(timed));
      for (const answer of answers) expectAway(answer);
    } finally {
      goOn();
    }
    await expectAllWell();
  });

  it('is full, submits are rejected with 503, and jobs can be read and ended', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'full' });
    await redis.client.config('SET', 'maxmemory', '1');
    try {
      for (const message of ROUTES.slice(0, 6)) expectAway(await timed(message));
      await api.http.get(`/jobs/${id}`).expect(200);
      await api.http.post(`/jobs/${id}/cancel`).expect(200);
    } finally {
      await redis.client.config('SET', 'maxmemory', '0');
    }
    await expectAllWell();
  });

  it('is full, HTTP workers continue, also those of another API process', async () => {
    const queue = newQueue();
    const ids = await submitMany(api, queue, 3);
    const { lease } = await takeOne(api, { queues: [queue] });
    await post(api, `/jobs/${ids[0]}/cancel`);
    // It has noted nothing of the queue yet.
    const other = await startApi(redis.url);
    await redis.client.config('SET', 'maxmemory', '1');
    try {
      const beat = await post(other, `/leases/${lease}/heartbeat`);
      expect(beat).toMatchObject({ status: 200, body: { cancel: [ids[0]] } });
      const taken = await takeOne(other, { queues: [queue], tasks: ['work'] });
      expect(taken.job.id).toBe(ids[1]);
      const complete = [{ id: ids[1] }];
      const settled = await post(other, `/leases/${taken.lease}/settle?next=1`, {
        complete,
        tasks: ['more', 'work'],
      });
      expect(settled).toMatchObject({ status: 207, body: { jobs: [{ id: ids[2] }] } });
    } finally {
      await redis.client.config('SET', 'maxmemory', '0');
      await other.app.close();
    }
  });

  it.each(['allkeys-lru', 'volatile-ttl'])(
    'may evict jobs by %s, the service is not ready',
    async (policy) => {
      await redis.client.config('SET', 'maxmemory-policy', policy);
      const { status, body } = await api.http.get('/readyz');
      await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
      expect([status, body.ready, body.durability]).toEqual([503, false, 'off']);
      expect(body.reasons).toEqual([expect.stringContaining(`its maxmemory-policy is ${policy}`)]);
      await api.http.get('/readyz').expect(200, { ready: true, reasons: [], durability: 'off' });
    },
  );
});

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
    expect(performance.now() - began).toBeLessThan(DEADLINE_MS);
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
    stop();
    // Long enough that requests have failed on it.
    expectAway(await timed({ method: 'GET', path: `/jobs/${id}` }));
    goOn();
    await healed();
    expect(await (await workerOf('silent')).complete(delivery, 'late')).toBe('done');
    const answer = await read.answer;
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'completed', result: 'late' });
  });
});

describe('an API that starts before Redis', () => {
  it('answers 503 until Redis is up, then accepts jobs', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mr-late-'));
    let server: RedisServer | undefined;
    let app: FastifyInstance | undefined;
    try {
      const first = await startRedis({ dir, persistent: false });
      await first.stop();
      const started = await startApi(first.url);
      app = started.app;
      const http = supertest(started.origin);
      await http.get('/livez').expect(200);
      await http.get('/readyz').expect(503);
      expectAway(await http.post('/jobs').send({ task: 'echo' }));
      server = await first.restart();
      await until(async () => (await http.get('/readyz')).status === 200, 'readiness');
      const { body } = await http.post('/jobs').send({ task: 'echo' }).expect(202);
      const waiter = http.get(`/jobs/${body.id}?wait=50`).then((answer) => answer.body);
      await http.post(`/jobs/${body.id}/cancel`).expect(200);
      expect(await waiter).toMatchObject({ id: body.id, status: 'cancelled' });
    } finally {
      await app?.close();
      await server?.stop();
      await rm(dir, { recursive: true, force: true });
    }
  });
});
