import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../src/schemas/job.ts';
import type { TakeResponse } from '../../src/schemas/lease.ts';
import type { QueueStats } from '../../src/schemas/queue.ts';
import type { PendingJob } from '../../src/schemas/queues/pending.ts';
import { useApi } from '../helpers/api/server.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import {
  EXAMPLES,
  type ExampleWorker,
  exampleFile,
  startExample,
} from '../helpers/workers/example-worker.ts';

/** Its heartbeats come in time on a busy machine, too. */
const LEASE_MS = 6_000;
const BEAT_MS = LEASE_MS / 3;
/** Longer than any test. */
const LONG_MS = 120_000;
/** Most of what this file takes: in bash a job needs several programs. */
const JOBS = 60;
/** The one with which a worker is killed. */
const CAUGHT = 30;

const redis = useRedis();
const api = useApi(redis);

/** Addresses of the heartbeats that have come. */
const beats: string[] = [];
beforeAll(() => {
  api.app.server.on('request', ({ url = '' }) => {
    if (url.endsWith('/heartbeat')) beats.push(url);
  });
});

const start = (example: (typeof EXAMPLES)[number], queue: string): Promise<ExampleWorker> =>
  startExample(example, api.origin, { QUEUES: `${queue},${queue}-2`, LEASE_MS: String(LEASE_MS) });

/** Resolves when a worker has the job. */
function held(job: Pick<Job, 'id' | 'queue'>): Promise<PendingJob> {
  const look = async (): Promise<PendingJob | undefined> => {
    const { body } = await api.http.get(`/queues/${job.queue}/pending`);
    return (body as { items?: PendingJob[] }).items?.find(({ id }) => id === job.id);
  };
  return until(look, `a worker with ${job.id}`);
}

/** Resolves to the job when it has ended, however slow the machine is. */
function ended(id = ''): Promise<Job> {
  const look = async (): Promise<Job | false> => {
    const job = await api.finished(id);
    return job.finishedAt !== undefined && job;
  };
  return until(look, `the end of ${id}`);
}

const upper = (queue: string, text: string, sleepMs = 0) => ({
  queue,
  task: 'upper',
  payload: { text, sleepMs },
});

it('a lease that has ended changes nothing: the result of the next one stands', async () => {
  const take = async (leaseMs: number): Promise<TakeResponse> =>
    (await api.http.post('/leases').send({ queues: ['stale'], leaseMs, waitMs: 30_000 }))
      .body as TakeResponse;
  const { id } = await api.submit({ queue: 'stale', task: 'upper', payload: {} });
  const complete = (lease: string, result: string) =>
    api.http.post(`/jobs/${id}/complete`).send({ lease, result });
  const first = await take(1_000);
  const second = await take(LONG_MS);
  expect([first, second].map(({ jobs }) => jobs[0])).toMatchObject([
    { id, attempt: 1 },
    { id, attempt: 2 },
  ]);
  const late = await complete(first.lease, 'first');
  expect(late.status).toBe(409);
  expect(late.body).toMatchObject({ code: 'stale-lease', jobStatus: 'running' });
  expect((await complete(second.lease, 'second')).status).toBe(200);
  const later = await complete(first.lease, 'first');
  expect(later.body).toMatchObject({ status: 409, code: 'stale-lease', jobStatus: 'completed' });
  expect((await api.get(id)).result).toBe('second');
});

it('a worker may have the longest name that a host can have', async () => {
  const worker = `python-4711@${'h'.repeat(64)}`;
  const job = await api.submit(upper('long-name', 'x'));
  const taken = await api.http.post('/leases').send({ queues: ['long-name'], worker });
  expect(taken.status).toBe(200);
  expect((await held(job)).worker.startsWith(`${worker.slice(0, 64)}.`)).toBe(true);
});

it.each(EXAMPLES)('$file is short and has no long lines', (example) => {
  const lines = readFileSync(exampleFile(example), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(41);
  expect(lines.filter((line) => line.length > 110)).toEqual([]);
});

describe('a worker that is killed', () => {
  it.concurrent.for(EXAMPLES)('$file: its job is done by another, and each job once', async (example) => {
    const queue = `kill-${example.language}`;
    const workers = await Promise.all([start(example, queue), start(example, queue)]);
    const texts = Array.from({ length: JOBS }, (_, i) => `job ${i} ✓`);
    // One takes so long that its worker can be caught with it.
    const jobs = texts.map((text, i) => upper(queue, text, i === CAUGHT ? 1_500 : 0));
    const batch = await api.http.post('/jobs/batch').send({ jobs });
    const ids = (batch.body as { items: { id: string }[] }).items.map(({ id }) => id);
    await ended(ids[CAUGHT / 2]);
    const { worker } = await held({ id: ids[CAUGHT] ?? '', queue });
    const [victim, ...others] = workers.toSorted(({ name }) => (worker.startsWith(`${name}.`) ? -1 : 1));
    expect(worker.startsWith(`${victim?.name}.`), `${worker} is one of the workers`).toBe(true);
    await victim?.stop('SIGKILL');

    const ends: Job[] = [];
    for (const id of ids) ends.push(await ended(id));
    expect(ends.map(({ status, result }) => [status, result])).toEqual(
      texts.map((text) => ['completed', { text: text.toUpperCase() }]),
    );
    expect(ends[CAUGHT]?.attempt).toBe(2);
    const { totals } = (await api.http.get(`/queues/${queue}/stats`)).body as QueueStats;
    expect(totals).toMatchObject({ completed: JOBS, recovered: 1, retried: 0, failed: 0 });
    for (const other of others) expect(await other.stop()).toBe(0);
  });
});

describe('a worker that has lost its lease', () => {
  it.concurrent.for(EXAMPLES)('$file: drops the job, and works on', async (example) => {
    const queue = `lost-${example.language}`;
    const worker = await start(example, queue);
    const job = await api.submit(upper(queue, 'lost', LONG_MS));
    await held(job);
    worker.process.kill('SIGSTOP');
    const taken = (await api.http.post('/leases').send({ queues: [queue], waitMs: 30_000 }))
      .body as TakeResponse;
    expect(taken.jobs).toMatchObject([{ id: job.id, attempt: 2 }]);
    await api.http.post(`/jobs/${job.id}/complete`).send({ lease: taken.lease, result: 'by hand' });
    worker.process.kill('SIGCONT');
    expect(await api.finished((await api.submit(upper(queue, 'next'))).id)).toMatchObject({
      status: 'completed',
      result: { text: 'NEXT' },
    });
    expect(await api.get(job.id)).toMatchObject({ status: 'completed', attempt: 2, result: 'by hand' });
    expect(worker.stderr).toContain('409');
    expect(await worker.stop()).toBe(0);
  });
});

describe('a cancel', () => {
  it.concurrent.for(EXAMPLES)('$file: stops the job by the next heartbeat', async (example) => {
    const queue = `cancel-${example.language}`;
    const worker = await start(example, queue);
    const job = await api.submit(upper(queue, 'long', LONG_MS));
    await held(job);
    expect((await api.http.post(`/jobs/${job.id}/cancel`)).status).toBe(202);
    const before = beats.length;
    expect((await api.finished(job.id)).status).toBe('cancelled');
    const own = beats.slice(before).filter((url) => url.startsWith(`/leases/${worker.name}.`));
    // One may have been answered before the cancel.
    expect(own.length).toBeLessThanOrEqual(2);
    // It takes from its other queue as well.
    const next = await api.finished((await api.submit(upper(`${queue}-2`, 'next'))).id);
    expect(next.result).toEqual({ text: 'NEXT' });
    expect(await worker.stop()).toBe(0);
  });
});

describe('SIGTERM', () => {
  it.concurrent.for(EXAMPLES)('$file: finishes its job, and takes no other', async (example) => {
    const queue = `term-${example.language}`;
    const worker = await start(example, queue);
    const first = await api.submit(upper(queue, 'first', 1_500 + BEAT_MS));
    await until(() => beats.some((url) => url.startsWith(`/leases/${worker.name}.`)), 'its first heartbeat');
    const second = await api.submit(upper(queue, 'second'));
    expect(await worker.stop()).toBe(0);
    expect(await api.get(first.id)).toMatchObject({ status: 'completed', attempt: 1 });
    expect((await api.get(second.id)).status).toBe('queued');
  });

  it('cuts a poll short', async () => {
    let polls = 0;
    const count = (request: { url?: string }, response: { once(event: 'close', call: () => void): void }) => {
      if (request.url !== '/leases') return;
      polls += 1;
      response.once('close', () => {
        polls -= 1;
      });
    };
    api.app.server.on('request', count);
    const workers = await Promise.all(EXAMPLES.map((example) => start(example, `idle-${example.language}`)));
    await until(() => polls === EXAMPLES.length, 'a poll of each worker');
    expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual(EXAMPLES.map(() => 0));
    await until(() => polls === 0, 'the end of the polls');
    api.app.server.off('request', count);
  });
});

describe('a task that fails', () => {
  it.concurrent.for(EXAMPLES)('$file: tells why', async (example) => {
    const queue = `fail-${example.language}`;
    const worker = await start(example, queue);
    const job = { ...upper(queue, 'x'), payload: { text: 'x', fail: true }, attempts: 1 };
    const ended = await api.finished((await api.submit(job)).id);
    expect(ended.status).toBe('failed');
    expect(ended.error?.message).toContain('told to fail');
    expect(await worker.stop()).toBe(0);
  });
});
