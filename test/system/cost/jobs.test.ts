import { beforeAll, describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

/**
 * What a plain job costs Redis, counted by Redis itself: no time is measured, so that a busy machine changes
 * nothing. Each bound is a little above what was counted when it was set (docs/explanation/performance.md); one that has to be
 * raised costs every user, on every job.
 */
const MAX_COMMANDS_PER_JOB = 3;
const MAX_COMMANDS_PER_JOB_ALONE = 15;
const MAX_QUEUED_BYTES = 150;
const MAX_FINISHED_BYTES = 440;

const JOBS = 4_000;
const BATCH = 500;
/** 100 bytes of JSON. */
const PAYLOAD = { text: 'x'.repeat(89) };

const redis = useRedis({ settings: { 'latency-tracking': 'no', 'slowlog-max-len': '0' } });
const api = useApi(redis, { UNKNOWN_TASKS: 'accept' });
const workerOf = useManualWorkers(redis);

async function submit(queue: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += BATCH) {
    const jobs = Array.from({ length: BATCH }, () => ({ task: 'echo', queue, payload: PAYLOAD }));
    const { body } = await api.http.post('/jobs/batch').send({ jobs }).expect(207);
    expect((body as { items: { status: number }[] }).items.every(({ status }) => status === 202)).toBe(true);
  }
}

const completed = async (queue: string) =>
  Number(await redis.client.hget(queueKeys('mr', queue).totals, 'completed'));

/** Calls since `CONFIG RESETSTAT`, inside scripts too; `polls` of them are the test's own HGETs. */
async function commands(polls: number): Promise<number> {
  const stats = await redis.client.info('commandstats');
  const calls = [...stats.matchAll(/calls=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  return calls - polls;
}

async function usedBytes(): Promise<number> {
  await redis.client.memory('PURGE');
  return Number(/^used_memory:(\d+)/m.exec(await redis.client.info('memory'))?.[1]);
}

/** Runs what is queued and tells the commands that this took. */
async function run(queue: string, count: number, concurrency: number): Promise<number> {
  await redis.client.config('RESETSTAT');
  const worker = await startWorker(redis.url, {
    QUEUES: queue,
    CONCURRENCY: String(concurrency),
    LOG_LEVEL: 'info',
  });
  let polls = 0;
  await until(async () => {
    polls += 1;
    return (await completed(queue)) === count;
  }, 'the end of all jobs');
  const counted = await commands(polls);
  expect(await worker.stop()).toBe(0);
  return counted;
}

describe('a plain job costs Redis no more than it did', () => {
  let before: number;
  beforeAll(async () => {
    // What connections, scripts and a first job take is no cost of a job.
    await submit('cost', BATCH);
    await run('cost', BATCH, 100);
    before = await usedBytes();
  });

  it('in bytes while it is queued and when it has finished, and in commands at concurrency 100', async () => {
    await redis.client.config('RESETSTAT');
    await submit('cost', JOBS);
    const submits = await commands(0);
    const queued = ((await usedBytes()) - before) / JOBS;
    const runs = await run('cost', JOBS + BATCH, 100);
    const finished = ((await usedBytes()) - before) / JOBS;
    console.log({ perJob: (submits + runs) / JOBS, queued, finished });
    expect((submits + runs) / JOBS).toBeLessThan(MAX_COMMANDS_PER_JOB);
    expect(queued).toBeLessThan(MAX_QUEUED_BYTES);
    expect(finished).toBeLessThan(MAX_FINISHED_BYTES);
  });

  it('in commands, one at a time', async () => {
    await submit('alone', BATCH);
    const perJob = (await run('alone', BATCH, 1)) / BATCH;
    console.log({ perJob });
    expect(perJob).toBeLessThan(MAX_COMMANDS_PER_JOB_ALONE);
  });

  it('in reads, when its submitter waits: the event tells the end', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'awaited', LOG_LEVEL: 'info' });
    const ended = async (task: string, payload: unknown) => {
      await redis.client.config('RESETSTAT');
      const job = { task, queue: 'awaited', payload };
      const { body } = await api.http.post('/jobs?wait=50').send(job).expect(200);
      expect(body).toMatchObject({ status: 'completed' });
      const stats = await redis.client.info('commandstats');
      return { body: body as { id: string }, reads: Number(/cmdstat_get:calls=(\d+)/.exec(stats)?.[1] ?? 0) };
    };
    // The API reads the events of the queue from then on.
    await ended('echo', 'first');
    // So long that its end comes when the API has begun to wait, however busy the machine is.
    const { body, reads } = await ended('sleep', { ms: 300 });
    expect(reads).toBe(0);
    await api.http.get(`/jobs/${body.id}`).expect(200, body);
    // A long result is read where it is stored.
    expect((await ended('echo', 'x'.repeat(1_000))).reads).toBeGreaterThan(0);
    expect(await worker.stop()).toBe(0);
  });

  it('no read of its settings, and one per call where somebody is subscribed', async () => {
    const worker = await workerOf('asked');
    const questions = async () => {
      for (let i = 0; i < 2; i += 1) await api.submit({ task: 'echo', queue: 'asked' });
      const [job, other] = await worker.takeNow(2);
      await redis.client.config('RESETSTAT');
      if (job === undefined || other === undefined) throw new Error('nothing was taken');
      await worker.complete(job, 1);
      const stats = await redis.client.info('commandstats');
      await worker.complete(other, 1);
      const callsOf = (name: string) =>
        Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
      return { hget: callsOf('hget'), hmget: callsOf('hmget'), xinfo: callsOf('xinfo|stream') };
    };
    expect(await questions()).toEqual({ hget: 0, hmget: 0, xinfo: 0 });
    await api.http.put('/queues/asked/subscriptions/a').send({}).expect(201);
    expect(await questions()).toEqual({ hget: 0, hmget: 1, xinfo: 0 });
  });
});
