import { beforeAll, describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { newQueue, post, settle, take, takeOne } from '../helpers/leases/http-worker.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import {
  expectMembers,
  JOB_EVENTS,
  type SeenEvent,
  toEvent,
  unknownKinds,
} from '../helpers/telemetry/event-members.ts';
import { recordEvents } from '../helpers/telemetry/recorder.ts';
import { useWorker } from '../helpers/workers/worker-process.ts';

const SECRET = 'not for any log';
const redis = useRedis();
const recorder = recordEvents();
const { ofKind } = recorder;
const api = useApi(redis, { UNKNOWN_TASKS: 'reject' }, recorder.observe);
const shared = useWorker(redis, { QUEUES: 'w', LEASE_MS: '1000' });

const ended = (job: string) => ofKind('attempt-ended').find((event) => event.job === job);

describe('a worker', () => {
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
        ...{ kind: 'attempt-failed', queue, task: 'a', job: second, attempt: 1, lease, maxAttempts: 5 },
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

  it('reports a cancel of many jobs', async () => {
    const queue = newQueue();
    for (let i = 0; i < 2; i += 1) await api.submit({ task: 'a', queue });
    await api.http.delete(`/queues/${queue}/jobs?status=queued`).expect(200);
    expect(ofKind('jobs-cancelled')).toContainEqual({ kind: 'jobs-cancelled', queue, jobs: 2 });
  });

  it('reports jobs that wait for another worker', async () => {
    const queue = newQueue();
    await api.submit({ task: 'a', queue, payload: SECRET });
    const { lease } = await take(api, { queues: [queue], tasks: ['b'] });
    const event = { kind: 'jobs-held', queue, lease: lease.split('~')[0], jobs: 1 };
    expect(ofKind('jobs-held')).toContainEqual(event);
  });
});

describe('the events about jobs', () => {
  const seen: SeenEvent[] = [];
  beforeAll(async () => {
    expect(await shared.worker.stop()).toBe(0);
    seen.push(...recorder.events.map((event) => ({ ...event })), ...shared.worker.lines.map(toEvent));
  });

  it.each(Object.entries(JOB_EVENTS))('include %s with its members', (kind, members) => {
    expectMembers(seen, kind, members);
  });

  it('are of no unknown kind', () => {
    expect(unknownKinds(seen)).toEqual([]);
  });

  it('hold no payload and no result', () => {
    expect(JSON.stringify(seen)).not.toContain(SECRET);
  });
});
