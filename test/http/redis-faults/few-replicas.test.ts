import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import { bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { type Answer, JSON_TYPE, type Message, NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { useReplicas } from '../../helpers/redis/replicas.ts';
import { until } from '../../helpers/redis/server.ts';
import { recordEvents } from '../../helpers/telemetry/recorder.ts';
import { readinessOf } from '../../helpers/telemetry/scrape.ts';

const ACK_MS = 300;
/** Of an answer on a busy machine. */
const SLOW_MS = 2_000;

const redis = useReplicas(2);
const { events, observe } = recordEvents();
const api = useApi(redis, { REPLICAS_ACK: '1', REPLICAS_ACK_MS: String(ACK_MS) }, observe);
afterEach(async () => {
  await redis.client.config('SET', 'min-replicas-to-write', '0');
  await redis.continueReplicas();
});

const post = (path: string, body: object, headers: Readonly<Record<string, string>> = {}): Message => ({
  path,
  headers: { ...JSON_TYPE, ...headers },
  body: JSON.stringify(body),
});
const sent = (message: Message) => send(api.origin, message);
/** On a busy machine replicas are sometimes late. */
const accepted = (message: Message) =>
  until(async () => {
    const answer = await sent(message);
    return answer.status < 300 && answer;
  }, `an accepted ${message.path}`);
const submit = async (job: object): Promise<string> => (await accepted(post('/jobs', job))).body.id;
const keyed = (key: string) => ({ 'idempotency-key': key });
const jobsOf = async (queue: string): Promise<unknown[]> =>
  (await api.http.get(`/queues/${queue}/jobs?status=queued`)).body.items;

function expectNotReplicated(answer: Answer): void {
  expectProblem(answer, 503, 'not-replicated');
  expect(answer.headers['retry-after']).toBe('1');
  expect(answer.body.detail).toMatch(/REPLICAS_ACK.*may be stored.*same Idempotency-Key/);
}

describe('while the replicas of REPLICAS_ACK stand still', () => {
  it('a submit is answered 503 in time; sent again with its key, it gives one job', async () => {
    const request = post('/jobs', { task: 'echo', queue: 'keyed' }, keyed('one'));
    redis.stopReplicas();
    const start = performance.now();
    expectNotReplicated(await sent(request));
    expect(performance.now() - start).toBeLessThan(ACK_MS + SLOW_MS);
    // Redis has the job by now, but no replica: that is no 202 yet.
    expectNotReplicated(await sent(request));
    await redis.continueReplicas();
    const answer = await accepted(request);
    expect(answer.headers['idempotency-replayed']).toBe('true');
    expect(await jobsOf('keyed')).toEqual([expect.objectContaining({ id: answer.body.id })]);
  });

  it('so it is for each request that stores a job, or changes one', async () => {
    const ended = await submit({ task: 'echo', queue: 'again', keepPayload: true });
    await api.http.post(`/jobs/${ended}/cancel`).expect(200);
    const waiting = await submit({ task: 'echo', queue: 'again' });
    await api.http
      .put('/schedules/s')
      .send({ every: '1h', job: { task: 'echo' } })
      .expect(201);
    const requests = [
      post('/jobs', { task: 'echo' }),
      post('/jobs', { task: 'echo', delay: '1h' }),
      post('/jobs', { task: 'echo', unique: { key: 'place' } }),
      // It finds the job of the one before.
      post('/jobs', { task: 'echo', unique: { key: 'place' } }),
      post('/jobs?wait=1', { task: 'echo' }),
      post('/jobs/batch', { jobs: [{ task: 'echo' }, { task: 'echo', delay: 1 }] }),
      post('/jobs/batch?atomic=true', { jobs: [{ task: 'echo' }] }),
      post('/jobs/batch', { jobs: [{ task: 'echo' }] }, keyed('batch')),
      { path: '/jobs/batch', headers: NDJSON_TYPE, body: '{"task":"echo"}\n'.repeat(2_000) },
      post(`/jobs/${ended}/rerun`, {}),
      post('/schedules/s/run', {}),
      { ...post(`/jobs/${waiting}`, { priority: 'high' }), method: 'PATCH' },
    ];
    redis.stopReplicas();
    for (const request of requests) expectNotReplicated(await sent(request));
    await redis.continueReplicas();
    for (const request of requests) await accepted(request);
  });

  it('look-ups and the work on jobs go on', async () => {
    const id = await submit({ task: 'echo', queue: 'read' });
    redis.stopReplicas();
    await until(async () => {
      let isAnswered = false;
      const submitted = sent(post('/jobs', { task: 'echo', queue: 'read' })).then((answer) => {
        isAnswered = true;
        expectNotReplicated(answer);
      });
      const { length } = await jobsOf('read');
      await api.http.get(`/jobs/${id}`).expect(200);
      const isBefore = !isAnswered;
      await submitted;
      return length > 1 && isBefore;
    }, 'look-ups that are answered before a submit that was stored before them');
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    expect(events.filter(({ kind }) => kind === 'defect')).toEqual([]);
    expect(events.filter(({ kind }) => kind === 'submit-refused')).toEqual([]);
    expect(events.some(({ kind }) => kind === 'redis-trouble')).toBe(true);
  });
});

it('without REPLICAS_ACK submits have no connection of their own', async () => {
  const { app } = await startApi(redis.url);
  const { redis: commands, acked } = app.core;
  await app.close();
  expect(acked).toBe(commands);
});

describe('GET /readyz', () => {
  it('tells how many replicas are wanted, and how many there are', async () => {
    expect(await readinessOf(api.origin)).toMatchObject({
      ready: true,
      reasons: [],
      replicas: { wanted: 1, have: 2 },
    });
  });

  it('is not ready with fewer than wanted, and names the setting', async () => {
    const { app, origin } = await startApi(redis.url, { REPLICAS_ACK: '3' });
    const readiness = await readinessOf(origin);
    await app.close();
    expect(readiness).toMatchObject({ status: 503, durability: 'off', replicas: { wanted: 3, have: 2 } });
    expect(readiness.reasons).toEqual([
      'REPLICAS_ACK is 3, and the primary has 2 replicas. Submits get 503 not-replicated. Start replicas, or lower REPLICAS_ACK.',
    ]);
  });

  it('is not ready where the user of Redis may not run WAIT', async () => {
    await redis.client.acl('SETUSER', 'unasked', 'on', '>password', '~*', '+@all', '-wait');
    const url = `redis://unasked:password@${new URL(redis.url).host}`;
    const { app, origin } = await startApi(url, { REPLICAS_ACK: '1' });
    const { reasons } = await readinessOf(origin);
    await app.close();
    expect(reasons).toEqual([expect.stringMatching(/^REPLICAS_ACK is 1.*NOPERM.*right \+wait/)]);
  });
});

/** Requests that only read, of what is stored in Redis. */
const LOOK_UPS = [
  ...['queued', 'scheduled', 'running', 'retrying', 'failed', 'completed'].map(
    (status) => `/queues/cut-off/jobs?status=${status}`,
  ),
  '/jobs?status=queued',
  '/jobs?tag=one&queue=cut-off',
  '/queues',
  '/queues/cut-off',
  '/queues/cut-off/stats',
  '/queues/cut-off/pending',
  '/queues/cut-off/keys',
  '/queues/cut-off/history',
  '/queues/cut-off/subscriptions',
  '/pending',
  '/tasks',
  '/workers',
  '/schedules',
  '/keys',
  '/audit',
  '/metrics',
];

async function cutOff(): Promise<void> {
  await redis.client.config('SET', 'min-replicas-to-write', '1', 'min-replicas-max-lag', '1');
  redis.stopReplicas();
  await until(
    async () => (await redis.client.set('probe', '1').catch(String)).includes('NOREPLICAS'),
    'a primary that refuses writes',
  );
}

describe('a primary that is cut off from its replicas', () => {
  it('refuses each write by min-replicas-to-write: 503, nothing has changed, and look-ups go on', async () => {
    await redis.client.flushall();
    const { app, origin } = await startApi(redis.url);
    const id = await submit({ task: 'echo', queue: 'cut-off' });
    onTestFinished(() => app.close());
    await cutOff();
    const before = await redis.client.debug('DIGEST');
    const requests = [
      post('/jobs', { task: 'echo' }),
      post('/jobs', { task: 'echo' }, keyed('refused')),
      post('/jobs', { task: 'echo', delay: '1h' }),
      post('/jobs', { task: 'echo', unique: { key: 'refused' } }),
      post('/jobs/batch', { jobs: [{ task: 'echo' }, { task: 'echo' }] }),
      { path: '/jobs/batch', headers: NDJSON_TYPE, body: '{"task":"echo"}\n'.repeat(2_000) },
      { ...post(`/jobs/${id}`, { priority: 'high' }), method: 'PATCH' },
      post(`/jobs/${id}/cancel`, {}),
      post('/leases', { queues: ['cut-off'] }),
    ];
    for (const to of [origin, api.origin]) {
      for (const request of requests) expectProblem(await send(to, request), 503, 'redis-unavailable');
      const { reasons } = await readinessOf(to);
      expect(reasons).toEqual([expect.stringContaining('NOREPLICAS')]);
      for (const path of LOOK_UPS)
        expect([path, (await send(to, { path, method: 'GET' })).status]).toEqual([path, 200]);
      expect(await api.get(id)).toMatchObject({ status: 'queued' });
    }
    expect(await redis.client.debug('DIGEST')).toBe(before);
    await redis.client.config('SET', 'min-replicas-to-write', '0');
    expect(await api.get(id)).toMatchObject({ status: 'queued', priority: 'normal' });
  });

  it('tells access keys that the process has not met', async () => {
    const before = await startApi(redis.url, WITH_KEYS);
    const { key } = await makeKey(before.origin, ['read']);
    await before.app.close();
    await cutOff();
    const { app, origin } = await startApi(redis.url, WITH_KEYS);
    onTestFinished(() => app.close());
    const answers = [bearer(key), bearer(`${key}wrong`), {}].map((headers) =>
      send(origin, { path: '/queues', method: 'GET', headers }),
    );
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 401, 401]);
  });
});
