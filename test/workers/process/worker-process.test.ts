import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { ORPHAN_GRACE_S } from '../../../workers/supervisor/ipc.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { isAlive, startWorker } from '../../helpers/workers/worker-process.ts';

const LEASE = { LEASE_MS: '1000' };

const redis = useRedis();
const api = useApi(redis);
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-silence-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const waitFor = (id: string, fits: (job: Job) => boolean, what: string) =>
  until(async () => {
    const job = await api.get(id);
    return fits(job) ? job : undefined;
  }, what);
const pidOf = (job: Job): number => Number(job.worker?.split('.')[1]);

describe('a worker that is suspended and resumed', () => {
  it.each(['its child', 'its parent'])(
    '(%s) loses its job to another worker; its handler is aborted and its result refused',
    async (who) => {
      const queue = who.replace(' ', '-');
      const env = { ...LEASE, QUEUES: queue, CONCURRENCY: '1' };
      const zombie = await startWorker(redis.url, env);
      const file = join(dir, queue);
      const { id } = await api.submit({ task: 'reason', queue, payload: { file } });
      const first = await waitFor(id, ({ progress }) => progress !== undefined, 'the first attempt');
      const other = await startWorker(redis.url, env);
      const pid = who === 'its child' ? pidOf(first) : (zombie.process.pid ?? 0);
      process.kill(pid, 'SIGSTOP');
      const second = await waitFor(
        id,
        ({ attempt, progress }) => attempt === 2 && progress !== undefined,
        'attempt 2',
      );
      expect(second.worker).not.toBe(first.worker);
      if (who === 'its child') process.kill(pid, 'SIGCONT');
      await until(
        async () => (await readFile(file, 'utf8').catch(() => '')) === '1 lease-lost\n',
        'the abort',
      );
      await zombie.line('attempt-ended', (line) => line['job'] === id && line['outcome'] === 'lost');
      process.kill(pid, 'SIGCONT');
      expect(await api.get(id)).toMatchObject({ status: 'running', attempt: 2, worker: second.worker });
      await api.http.post(`/jobs/${id}/cancel`).expect(202);
      expect(await api.finished(id)).toMatchObject({ status: 'completed', result: { attempt: 2 } });
      expect([await zombie.stop(), await other.stop()]).toEqual([0, 0]);
    },
  );
});

describe('a handler that blocks its event loop', () => {
  it('beyond its timeout has its process killed, with the reason in the error', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'hang', CONCURRENCY: '1' });
    const job = { task: 'block', queue: 'hang', payload: { ms: 60_000 }, timeout: 100, attempts: 1 };
    const { id } = await api.submit(job);
    const ended = await api.finished(id);
    expect(ended).toMatchObject({ status: 'failed', attempt: 1, error: { name: 'worker-lost' } });
    expect(ended.error?.message).toContain('blocked beyond the timeout');
    const after = await api.submit({ task: 'echo', queue: 'hang', payload: 'on' });
    expect(await api.finished(after.id)).toMatchObject({ status: 'completed' });
    expect(await worker.stop()).toBe(0);
  });

  it('is cancelled all the same, by the supervisor', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'deaf', CONCURRENCY: '1', PROCESSES: '1' });
    const until = join(dir, 'cancelled');
    const { id } = await api.submit({ task: 'block', queue: 'deaf', payload: { until } });
    await waitFor(id, ({ status }) => status === 'running', 'running');
    await api.http.post(`/jobs/${id}/cancel`).expect(202);
    expect(await api.finished(id)).toMatchObject({ status: 'cancelled', attempt: 1 });
    await writeFile(until, '');
    // The late result is refused.
    await worker.line('stale', (line) => line['job'] === id);
    expect((await api.get(id)).status).toBe('cancelled');
    expect((await api.http.get('/queues/deaf/stats')).body.totals).toMatchObject({
      cancelled: 1,
      staleCommits: 1,
    });
    expect(await worker.stop()).toBe(0);
  });
});

describe('a supervisor that is killed', () => {
  it('has its blocked processes killed, all at the same time', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'orphan', CONCURRENCY: '1', PROCESSES: '3' });
    const job = { task: 'block', queue: 'orphan', payload: { ms: 600_000 } };
    const pids: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      const { id } = await api.submit(job);
      pids.push(pidOf(await waitFor(id, ({ status }) => status === 'running', 'running')));
    }
    await worker.stop('SIGKILL');
    const ends = await Promise.all(
      pids.map((pid) => until(() => !isAlive(pid) && performance.now(), `the end of child ${pid}`)),
    );
    // One after another they would each have the grace, and the last would end two of them after the first.
    expect(Math.max(...ends) - Math.min(...ends)).toBeLessThan(ORPHAN_GRACE_S * 1_000);
  });
});

describe('a result', () => {
  it('that is too large fails its job, with what to do', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'large', MAX_PAYLOAD_BYTES: '2048' });
    const submit = (length: number) => api.submit({ task: 'large', queue: 'large', payload: { length } });
    const [fits, over] = [await submit(2_046), await submit(2_047)];
    expect(await api.finished(fits.id)).toMatchObject({ status: 'completed' });
    const failed = await api.finished(over.id);
    expect(failed).toMatchObject({ status: 'failed', attempt: 1, error: { name: 'result-too-large' } });
    expect(failed.error?.message).toContain('MAX_PAYLOAD_BYTES');
    expect(await worker.stop()).toBe(0);
  });
});
