import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { startWorker, type TestWorker, useWorker } from '../../helpers/workers/worker-process.ts';

const THROWN = {
  name: 'RangeError',
  message: 'not caught',
  stack: expect.stringContaining('uncaught.mjs'),
};
const EXIT = { name: 'ProcessExit', message: expect.stringContaining('The task called process.exit(7)') };

const redis = useRedis();
const api = useApi(redis);

const hold = async (queue: string, payload: object): Promise<Job> => {
  const { id } = await api.submit({ task: 'hold', queue, payload });
  return runs(id);
};
const runs = (id: string) =>
  until(async () => {
    const job = await api.get(id);
    return job.progress === undefined ? undefined : job;
  }, 'the neighbour');
const finish = async ({ id }: Job): Promise<Job> => {
  await api.http.post(`/jobs/${id}/cancel`).expect(202);
  return api.finished(id);
};
/** The timeout ends an attempt that nobody has failed, so that the test fails by the error that it gets instead. */
const uncaught = async (queue: string, payload: object, task = 'uncaught'): Promise<Job> => {
  const { id } = await api.submit({ task, queue, payload, attempts: 1, timeout: '15s' });
  return api.finished(id);
};
const replacements = (worker: TestWorker) =>
  worker.lines.filter(({ msg }) => msg === 'child-replaced').length;

describe('an error of a running attempt that its handler does not catch', () => {
  const shared = useWorker(redis, { QUEUES: 'known' });

  it.each([
    ['rejection', { ...THROWN, data: { km: 7 }, origin: 'unhandledRejection' }],
    ['late rejection', { ...THROWN, data: { km: 7 }, origin: 'unhandledRejection' }],
    ['exit', { ...EXIT, origin: 'process.exit' }],
    ['exit in a try', { ...EXIT, origin: 'process.exit' }],
    ['abort', { name: 'ProcessExit', origin: 'process.exit' }],
  ])('(%s) fails that attempt alone; its process goes on', async (way, error) => {
    const neighbour = await hold('known', { finish: true });
    const job = await uncaught('known', { way });
    expect(job).toMatchObject({ status: 'failed', attempt: 1, error });
    const ended = await finish(neighbour);
    expect(ended).toMatchObject({ status: 'completed', attempt: 1, worker: neighbour.worker });
    expect(ended.errors).toBeUndefined();
    const line = await shared.worker.line('uncaught-error', (one) => one['job'] === job.id);
    expect(line).toMatchObject({
      from: 'running attempt',
      task: 'uncaught',
      err: { stack: job.error?.stack },
    });
    expect(replacements(shared.worker)).toBe(0);
  });

  it.each([
    ['timer', { ...THROWN, data: { km: 7 }, origin: 'uncaughtException' }],
    ['event', { ...THROWN, origin: 'uncaughtException' }],
    ['exit in a timer', { ...EXIT, origin: 'process.exit' }],
  ])(
    '(%s) fails that attempt alone; its process finishes the other jobs and is replaced',
    async (way, error) => {
      const neighbour = await hold('known', { finish: true });
      const before = replacements(shared.worker);
      expect(await uncaught('known', { way })).toMatchObject({ status: 'failed', attempt: 1, error });
      await until(() => replacements(shared.worker) > before, 'the replacement');
      const next = await api.submit({ task: 'echo', queue: 'known', payload: 'next' });
      expect((await api.finished(next.id)).worker).not.toBe(neighbour.worker);
      const ended = await finish(neighbour);
      expect(ended).toMatchObject({ status: 'completed', attempt: 1, worker: neighbour.worker });
      expect(shared.worker.lines.filter(({ msg }) => msg === 'child-lost')).toEqual([]);
    },
  );

  it('changes no job that has ended, and is in the log', async () => {
    const job = await uncaught('known', { way: 'late rejection', ends: true });
    expect(job).toMatchObject({ status: 'completed', result: 'ended' });
    await shared.worker.line(
      'uncaught-error',
      (one) => one['job'] === job.id && one['from'] === 'ended attempt',
    );
  });

  it.each(['rejection', 'timer', 'exit'])('fails an attempt in a thread by its reason: %s', async (way) => {
    const job = await uncaught('known', { way }, 'uncaught-thread');
    expect(job).toMatchObject({ status: 'failed', error: way === 'exit' ? EXIT : THROWN });
    const next = await api.submit({ task: 'thread', queue: 'known', payload: {} });
    expect(await api.finished(next.id)).toMatchObject({ status: 'completed' });
  });

  it('in a thread whose attempt has ended costs nobody else', async () => {
    const job = await uncaught('known', { way: 'timer', ends: true }, 'uncaught-thread');
    expect(job).toMatchObject({ status: 'completed' });
    // An idle thread stands still: the timer fires only while the next attempt runs.
    const next = await api.submit({ task: 'uncaught-thread', queue: 'known', payload: { way: 'not' } });
    await shared.worker.line('uncaught-error', (one) => one['job'] === job.id);
    expect(await finish(next)).toMatchObject({ status: 'cancelled', attempt: 1 });
  });
});

describe('an error of unknown origin', () => {
  it.each(['shared', 'shared rejection'])(
    '(%s) costs no attempt; whoever it meets twice runs alone, and fails by its reason if it does it again',
    async (way) => {
      const queue = way.replace(' ', '-');
      const worker = await startWorker(redis.url, { QUEUES: queue, SHUTDOWN_GRACE_MS: '100' });
      const neighbour = await hold(queue, {});
      const job = await uncaught(queue, { way });
      const origin = way === 'shared' ? 'uncaughtException' : 'unhandledRejection';
      expect(job).toMatchObject({ status: 'failed', attempt: 1, error: { origin } });
      expect(job.errors).toHaveLength(1);
      expect(replacements(worker)).toBe(2);
      await worker.line('uncaught-error', (line) => line['from'] === 'unknown');
      const again = await runs(neighbour.id);
      expect(again.attempt).toBe(1);
      expect(again.worker).not.toBe(job.worker);
      expect(await finish(again)).toMatchObject({ status: 'cancelled', attempt: 1 });
      expect(worker.lines.filter(({ msg }) => msg === 'child-lost')).toEqual([]);
      expect(await worker.stop()).toBe(0);
    },
  );
});
