import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceEvent, ServiceEventKind } from '../../src/observer.ts';
import { createOrphanReaper, type OrphanReaper } from '../../src/orphan-reaper.ts';
import { MAX_SERVED } from '../../src/schemas/values/queue-patterns.ts';
import { ServedQueues } from '../../workers/supervisor/served-queues.ts';
import { useApi } from '../helpers/api/server.ts';
import { openStream } from '../helpers/events/sse-client.ts';
import { newQueue, post, settle, take, takeOne } from '../helpers/leases/http-worker.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import { recordEvents } from '../helpers/telemetry/recorder.ts';
import { startApiProcess } from '../helpers/workers/built-processes.ts';
import { useWorker } from '../helpers/workers/worker-process.ts';

type Members = { [K in ServiceEventKind]: readonly (keyof Extract<ServiceEvent, { kind: K }>)[] };

const ATTEMPT = ['queue', 'task', 'job', 'attempt', 'lease'] as const;

/** The members that each kind has at least: a kind without a row does not compile, one that is never seen fails. */
const MEMBERS: Members = {
  'misspelt-setting': ['text'],
  ready: ['service'],
  'child-started': ['consumer', 'pid'],
  'child-lost': ['consumer', 'pid', 'how'],
  'child-replaced': ['consumer', 'pid'],
  'queues-changed': ['joined', 'left'],
  'too-many-queues': ['served', 'leftOut', 'most'],
  stopping: ['why'],
  stopped: [],
  'jobs-submitted': ['queue', 'task', 'jobs'],
  'submit-replayed': ['queue', 'task', 'jobs'],
  'submit-refused': ['queue', 'task', 'jobs', 'code'],
  'jobs-taken': ['queue', 'lease', 'jobs'],
  'attempt-started': [...ATTEMPT, 'waitMs'],
  'attempt-ended': [...ATTEMPT, 'outcome', 'status', 'runMs'],
  'attempt-failed': [...ATTEMPT, 'error', 'next'],
  'uncaught-error': ['origin', 'from', 'error'],
  stale: ['queue', 'job', 'lease', 'move'],
  'task-log': ['queue', 'task', 'job', 'lease', 'text'],
  'lease-renewed': ['queues', 'lease', 'leaseMs', 'cancel'],
  'lease-lost': ['consumer', 'lease', 'queue'],
  recovered: ['queue', 'jobs', 'cause'],
  'job-cancelled': ['queue', 'job', 'done'],
  'jobs-cancelled': ['queue', 'jobs'],
  'jobs-expired': ['queue', 'jobs'],
  'jobs-held': ['queue', 'lease', 'jobs'],
  'queue-removed': ['queue'],
  'schedule-fired': ['queue', 'task', 'schedule', 'jobs', 'lateMs'],
  'schedule-skipped': ['queue', 'task', 'schedule', 'slots', 'reason'],
  'wait-started': ['on', 'queues', 'waitMs'],
  'wait-ended': ['on', 'queues', 'outcome', 'durationMs'],
  'stream-opened': [],
  'stream-closed': ['reason', 'durationMs'],
  'http-request': ['method', 'route', 'status', 'durationMs', 'reqId'],
  'redis-trouble': ['where', 'error'],
  defect: ['where', 'error'],
};

const SECRET = 'not for any log';
const redis = useRedis();
const recorder = recordEvents();
const { ofKind } = recorder;
const api = useApi(redis, { UNKNOWN_TASKS: 'reject' }, recorder.observe);
const shared = useWorker(redis, { QUEUES: 'w', LEASE_MS: '1000', CONCURENCY: '2' });
/** Events of processes, out of their logs. */
const logged: { kind: string; [member: string]: unknown }[] = [];

const ended = (job: string) => ofKind('attempt-ended').find((event) => event.job === job);

describe('a worker', () => {
  it('reports the queues that fit its patterns, and that there are too many', async () => {
    const core = createTestCore(redis.client, { prefix: 'many' }, recorder.observe);
    await core.queues.register(Array.from({ length: MAX_SERVED + 1 }, (_, i) => `q${i}`));
    const handlers = { onJoin: async () => undefined, onRead: () => undefined, onLeave: () => undefined };
    await new ServedQueues(core, ['q*'], handlers).refresh();
    expect(ofKind('queues-changed')).toMatchObject([{ left: [] }]);
    expect(ofKind('too-many-queues')).toMatchObject([{ served: MAX_SERVED, leftOut: 1, most: MAX_SERVED }]);
  });

  it('reports the attempts of a job, from its take to its end', async () => {
    const { id } = await api.submit({ task: 'flaky', queue: 'w', payload: { until: 2, SECRET } });
    await api.finished(id);
    const isOfJob = (line: object) => 'job' in line && line.job === id;
    const lease = (await api.get(id)).worker;
    const subject = { queue: 'w', task: 'flaky', job: id, lease };
    await shared.worker.line('jobs-taken', (line) => line['queue'] === 'w' && line['lease'] === lease);
    const last = await shared.worker.line('attempt-ended', (line) => isOfJob(line) && line['attempt'] === 2);
    expect(last).toMatchObject({ ...subject, outcome: 'completed', status: 'completed' });
    expect([last['waitMs'], last['runMs']]).toEqual([expect.any(Number), expect.any(Number)]);
    // The next attempt may start before the answer arrives that ends the first.
    const lines = shared.worker.lines.filter(isOfJob);
    lines.sort((one, other) => Number(one['attempt']) - Number(other['attempt']));
    expect(lines).toMatchObject([
      { msg: 'attempt-started', ...subject, attempt: 1, waitMs: expect.any(Number) },
      {
        msg: 'attempt-failed',
        ...subject,
        attempt: 1,
        error: 'attempt 1 failed',
        retryInMs: expect.any(Number),
      },
      { msg: 'attempt-ended', ...subject, attempt: 1, outcome: 'failed', status: 'retrying' },
      { msg: 'attempt-started', ...subject, attempt: 2 },
      { msg: 'attempt-ended', ...subject, attempt: 2 },
    ]);
  });

  it('reports what a handler logs', async () => {
    const { id } = await api.submit({ task: 'log', queue: 'w', payload: 'hello' });
    expect(await shared.worker.line('task-log')).toMatchObject({
      queue: 'w',
      task: 'log',
      job: id,
      text: 'hello',
    });
  });

  it('reports that a process was lost, and that its job was recovered', async () => {
    const { id } = await api.submit({ task: 'die', queue: 'w', payload: 'kill', attempts: 1 });
    await api.finished(id);
    const { consumer } = await shared.worker.line('child-lost');
    expect(await shared.worker.line('recovered')).toMatchObject({
      queue: 'w',
      jobs: 1,
      cause: 'process-ended',
      lease: consumer,
    });
  });

  it('reports an error that a handler does not catch, and the process that is replaced for it', async () => {
    const { id } = await api.submit({ task: 'uncaught', queue: 'w', payload: { way: 'timer' }, attempts: 1 });
    await api.finished(id);
    const line = await shared.worker.line('uncaught-error', (one) => one['job'] === id);
    expect(line).toMatchObject({ queue: 'w', task: 'uncaught', attempt: 1, origin: 'uncaughtException' });
    expect(await shared.worker.line('child-replaced')).toMatchObject({ consumer: line['lease'] });
    // The new process has taken a job, and so has its lease.
    await api.finished((await api.submit({ task: 'echo', queue: 'w' })).id);
  });

  it('reports that a lease was lost', async () => {
    await redis.client.del('mr:{w}:leases');
    const lost = await shared.worker.line('lease-lost');
    expect(lost).toMatchObject({ queue: 'w', lease: expect.any(String), consumer: lost['lease'] });
  });
});

describe('an API', () => {
  it('reports submits by queue and task, and what it refuses', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'w', payload: SECRET });
    expect(ofKind('jobs-submitted').at(-1)).toEqual({
      kind: 'jobs-submitted',
      queue: 'w',
      task: 'echo',
      jobs: 1,
      job: id,
    });
    const queue = newQueue();
    const jobs = [
      { task: 'a', queue },
      { task: 'b', queue },
      { task: 'a', queue },
      { task: 'none', queue: 'w' },
    ];
    await api.http.post('/jobs/batch').send({ jobs }).expect(207);
    expect(ofKind('jobs-submitted').slice(-2)).toEqual([
      { kind: 'jobs-submitted', queue, task: 'a', jobs: 2 },
      { kind: 'jobs-submitted', queue, task: 'b', jobs: 1 },
    ]);
    const refusal = { kind: 'submit-refused', queue: 'w', task: 'none', jobs: 1, code: 'unknown-task' };
    expect(ofKind('submit-refused')).toEqual([refusal]);
    await api.http.post('/jobs').send({ task: 'none', queue: 'w' }).expect(422);
    expect(ofKind('submit-refused')).toEqual([refusal, refusal]);
    await api.http.post('/jobs/batch?atomic=true').send({ jobs }).expect(400);
    expect(ofKind('submit-refused')).toEqual([refusal, refusal, refusal]);
    expect(ofKind('jobs-submitted').at(-1)).toMatchObject({ task: 'b' });
  });

  it('reports a full queue as a refusal', async () => {
    const queue = newQueue();
    await api.http.put(`/queues/${queue}`).send({ maxJobs: 1 });
    await api.submit({ task: 'a', queue });
    await api.http.post('/jobs').send({ task: 'a', queue }).expect(429);
    expect(ofKind('submit-refused').at(-1)).toMatchObject({ queue, task: 'a', code: 'queue-full' });
  });

  it('reports a submit that was repeated', async () => {
    const queue = newQueue();
    const send = () => api.http.post('/jobs').set('idempotency-key', 'k').send({ task: 'a', queue });
    const { id } = (await send().expect(202)).body as { id: string };
    await send().expect(202);
    expect(ofKind('submit-replayed')).toEqual([
      { kind: 'submit-replayed', queue, task: 'a', jobs: 1, job: id },
    ]);
    expect(ofKind('jobs-submitted').filter((event) => event.queue === queue)).toHaveLength(1);
  });

  it('reports the attempts of a worker over HTTP', async () => {
    const queue = newQueue();
    const job = { task: 'a', queue, payload: SECRET, backoff: { type: 'fixed', delay: '1h' } };
    const ids = await Promise.all([1, 2, 3].map(async () => (await api.submit(job)).id));
    const taken = await take(api, { queues: [queue], max: 3 });
    const lease = taken.lease.split('~')[0] ?? '';
    expect(ofKind('jobs-taken').at(-1)).toEqual({ kind: 'jobs-taken', queue, lease, jobs: 3 });
    const started = ofKind('attempt-started').filter((event) => event.lease === lease);
    expect(started.map((event) => event.job).sort()).toEqual([...ids].sort());
    await post(api, `/leases/${taken.lease}/heartbeat`, { leaseMs: 20_000 });
    expect(ofKind('lease-renewed')).toEqual([
      { kind: 'lease-renewed', queues: [queue], lease, leaseMs: 20_000, cancel: 0 },
    ]);
    const [first = '', second = '', third = ''] = ids;
    const error = { message: 'it failed' };
    const body = {
      complete: [{ id: first, result: SECRET }],
      fail: [{ id: second, error }],
      release: [{ id: third, delayMs: 3_600_000 }],
    };
    await settle(api, taken.lease, body, 0);
    const subject = { kind: 'attempt-ended', queue, task: 'a', attempt: 1, lease, runMs: expect.any(Number) };
    expect(ended(first)).toEqual({
      ...subject,
      job: first,
      outcome: 'completed',
      status: 'completed',
      waitMs: expect.any(Number),
    });
    expect(ended(second)).toMatchObject({ ...subject, outcome: 'failed', status: 'retrying' });
    expect(ended(third)).toMatchObject({ ...subject, outcome: 'released', status: 'retrying' });
    expect(ofKind('attempt-failed')).toEqual([
      {
        ...{ kind: 'attempt-failed', queue, task: 'a', job: second, attempt: 1, lease },
        ...{
          error: 'it failed',
          next: expect.stringMatching(/^retry in \d+ ms$/),
          retryInMs: expect.any(Number),
        },
      },
    ]);
    await post(api, `/leases/${taken.lease}/heartbeat`);
    expect(ofKind('lease-lost')).toEqual([{ kind: 'lease-lost', consumer: lease, lease, queue }]);
  });

  it('reports a stale commit, but none for a job that never was', async () => {
    const queue = newQueue();
    await api.submit({ task: 'a', queue });
    const { lease, job } = await takeOne(api, { queues: [queue], max: 1 });
    await redis.client.zadd(`mr:{${queue}}:leases`, 1, lease.split('~')[0] ?? '');
    await until(async () => (await api.get(job.id)).status === 'queued', 'the recovery');
    const never = `${newQueue()}~n1-0`;
    await settle(api, lease, { complete: [{ id: job.id, result: SECRET }, { id: never }] }, 0);
    expect(ofKind('stale')).toEqual([
      { kind: 'stale', queue, job: job.id, lease: lease.split('~')[0], move: 'completed' },
    ]);
    expect(ofKind('recovered')).toContainEqual({
      kind: 'recovered',
      queue,
      jobs: 1,
      cause: 'lease-ran-out',
    });
  });

  it('reports jobs that were cancelled, and jobs that have expired', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ task: 'a', queue });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    expect(ofKind('job-cancelled')).toEqual([{ kind: 'job-cancelled', queue, job: id, done: true }]);
    const late = await api.submit({ task: 'a', queue, expiresIn: 1 });
    await until(async () => (await api.get(late.id)).status === 'expired', 'the expiry');
    expect(ofKind('jobs-expired')).toContainEqual({ kind: 'jobs-expired', queue, jobs: 1 });
  });

  it('reports a cancel of many jobs, and a queue that was removed', async () => {
    const queue = newQueue();
    for (let i = 0; i < 2; i += 1) await api.submit({ task: 'a', queue });
    await api.http.delete(`/queues/${queue}/jobs?status=queued`).expect(200);
    await api.http.delete(`/queues/${queue}`).expect(204);
    expect(ofKind('jobs-cancelled')).toContainEqual({ kind: 'jobs-cancelled', queue, jobs: 2 });
    expect(ofKind('queue-removed')).toContainEqual({ kind: 'queue-removed', queue });
  });

  it('reports jobs that wait for another worker', async () => {
    const queue = newQueue();
    await api.submit({ task: 'a', queue, payload: SECRET });
    const { lease } = await take(api, { queues: [queue], tasks: ['b'] });
    const event = { kind: 'jobs-held', queue, lease: lease.split('~')[0], jobs: 1 };
    expect(ofKind('jobs-held')).toContainEqual(event);
  });

  it('reports waits, and how they end', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ task: 'a', queue });
    await api.http.get(`/jobs/${id}?wait=1`).expect(200);
    const wait = { on: 'job', queues: [queue], job: id };
    expect(ofKind('wait-started').at(-1)).toEqual({ kind: 'wait-started', ...wait, waitMs: 1_000 });
    expect(ofKind('wait-ended').at(-1)).toMatchObject({ ...wait, outcome: 'timed-out' });
    expect(ofKind('wait-ended').at(-1)?.durationMs).toBeGreaterThan(900);
    const other = newQueue();
    const taking = takeOne(api, { queues: [other] });
    const isOther = ({ queues }: { queues: readonly string[] }) => queues.includes(other);
    await until(() => ofKind('wait-started').some(isOther), 'the wait');
    await api.submit({ task: 'a', queue: other });
    await taking;
    expect(ofKind('wait-ended').find(isOther)).toMatchObject({ on: 'work', outcome: 'enough' });
  });

  it('reports streams of events', async () => {
    const queue = newQueue();
    await api.submit({ task: 'a', queue });
    const stream = await openStream(api.origin, `/queues/${queue}/events`);
    expect(ofKind('stream-opened')).toEqual([{ kind: 'stream-opened', queue }]);
    stream.close();
    await until(() => ofKind('stream-closed').length > 0, 'the end of the stream');
    expect(ofKind('stream-closed')).toMatchObject([{ queue, reason: 'ended' }]);
  });

  it('reports requests by the pattern of their route', async () => {
    const isThis = ({ route }: { route: string }) => route === '/jobs/:id';
    await api.http.get('/jobs/none').expect(404);
    await until(() => ofKind('http-request').some((event) => isThis(event) && event.status === 404), 'it');
    await api.http.get('/nowhere').expect(404);
    await until(() => ofKind('http-request').some(({ route }) => route === ''), 'a request without a route');
  });

  it('reports troubles of Redis and defects, with the id of the request', async () => {
    await redis.client.config('SET', 'maxmemory', '1');
    const refused = await api.http.post('/jobs').send({ task: 'a', queue: newQueue() });
    await redis.client.config('SET', 'maxmemory', '0');
    expect(refused.status).toBe(503);
    const { requestId } = refused.body as { requestId: string };
    expect(ofKind('redis-trouble').find((event) => event.reqId === requestId)).toMatchObject({
      where: 'POST /jobs',
      error: expect.any(Error),
    });
    const queue = newQueue();
    await api.submit({ task: 'a', queue });
    await redis.client.set(`mr:{${queue}}:events`, 'no stream');
    const broken = await api.http.get(`/queues/${queue}/history`).expect(500);
    await redis.client.del(`mr:{${queue}}:events`);
    expect(ofKind('defect')).toMatchObject([
      { where: 'GET /queues/:name/history', reqId: (broken.body as { requestId: string }).requestId },
    ]);
  });
});

describe('a schedule', () => {
  it('reports its firings and the slots that it skips, wherever it is fired', async () => {
    const queue = newQueue();
    const job = { task: 'a', queue, payload: SECRET };
    await api.http.put('/schedules/often').send({ every: '1s', overlap: 'skip', job }).expect(201);
    const all = () => [
      ...recorder.events,
      ...shared.worker.lines.map(({ msg, ...event }) => ({ ...event, kind: msg })),
    ];
    const of = (kind: string) => all().find((event) => event.kind === kind);
    const skipped = await until(() => of('schedule-skipped'), 'a skipped slot');
    const subject = { queue, task: 'a', schedule: 'often' };
    expect(of('schedule-fired')).toMatchObject({ ...subject, jobs: 1, lateMs: expect.any(Number) });
    expect(skipped).toMatchObject({ ...subject, slots: 1, reason: 'overlap' });
    await api.http.delete('/schedules/often').expect(204);
  });
});

describe('the events of the service', () => {
  let leash: OrphanReaper;
  beforeAll(async () => {
    leash = createOrphanReaper();
    const other = await startApiProcess(redis.url, leash, { LOG_LEVEL: 'info' });
    // Its first answer may come before its line.
    const isReady = () => other.child.lastLines().some((text) => text.includes('"ready"'));
    await until(isReady, 'the line of the API that is ready');
    await other.stop();
    for (const text of other.child.lastLines()) logged.push(toEvent(JSON.parse(text)));
    expect(await shared.worker.stop()).toBe(0);
    for (const line of shared.worker.lines) logged.push(toEvent(line));
  });
  afterAll(() => leash.end());

  it('tell when an API begins and ends', () => {
    const own = logged.filter(({ name }) => name === 'millrace-api');
    // At its exit a process writes what is left of its log while an earlier write is still under way.
    own.sort((one, other) => Number(one['time']) - Number(other['time']));
    expect(own).toMatchObject([
      { kind: 'ready', service: 'api', address: expect.stringContaining('http://') },
      { kind: 'stopping', why: 'SIGTERM' },
      { kind: 'stopped' },
    ]);
  });

  it.each(Object.entries(MEMBERS))('include %s with its members', (kind, members) => {
    const seen = [...recorder.events, ...logged].filter((event) => event.kind === kind);
    expect(seen).not.toEqual([]);
    for (const event of seen) for (const member of members) expect(event).toHaveProperty(member);
  });

  it('are of no other kind', () => {
    const kinds = new Set([...recorder.events, ...logged].map(({ kind }) => kind));
    expect([...kinds].filter((kind) => !(kind in MEMBERS))).toEqual([]);
  });

  it('hold no payload and no result', () => {
    expect(JSON.stringify([...recorder.events, ...logged])).not.toContain(SECRET);
  });
});

/** An event out of its line of log. */
const toEvent = ({ msg, err, ...members }: { msg: string; [member: string]: unknown }) => ({
  ...members,
  ...(err !== undefined && { error: err }),
  kind: msg,
});
