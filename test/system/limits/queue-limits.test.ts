import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { newQueue, post, submitMany, take } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis, { UNKNOWN_TASKS: 'accept' });
const folder = mkdtempSync(join(tmpdir(), 'limits-'));

const setLimits = (queue: string, limits: object) =>
  api.http.put(`/queues/${queue}`).send(limits).expect(200);

const ended = async (queue: string) =>
  Number(await redis.client.hget(queueKeys('mr', queue).totals, 'completed'));
const untilEnded = (queue: string, count: number) =>
  until(async () => (await ended(queue)) === count, `the end of ${count} jobs`);

const eventsOf = (file: string): [at: number, delta: number][] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ').map(Number) as [number, number]);

/** The most handlers that ran at the same time, by their own journal. */
function mostAtOnce(file: string): number {
  let running = 0;
  let most = 0;
  // At the same moment an end comes before a start.
  for (const [, delta] of eventsOf(file).sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    running += delta;
    most = Math.max(most, running);
  }
  return most;
}

const journalOf = (queue: string) => join(folder, queue);
const submit = (queue: string, count: number, ms: number) =>
  submitMany(api, queue, count, { task: 'journal', payload: { file: journalOf(queue), ms } });

describe('a limit holds over workers, whether they wait for jobs or find many', () => {
  it('concurrency, and a higher one acts soon', async () => {
    const queue = newQueue();
    await setLimits(queue, { concurrency: 3 });
    const env = { QUEUES: queue, PROCESSES: '2', CONCURRENCY: '4' };
    const workers = [await startWorker(redis.url, env), await startWorker(redis.url, env)];
    // All workers wait: each of them gets a job at the same moment.
    await submit(queue, 20, 20);
    await untilEnded(queue, 20);
    expect(mostAtOnce(journalOf(queue))).toBe(3);
    await submit(queue, 300, 30);
    await until(async () => (await ended(queue)) > 60, 'the first jobs');
    expect(mostAtOnce(journalOf(queue))).toBe(3);
    await setLimits(queue, { concurrency: 12 });
    const changedAt = performance.timeOrigin + performance.now();
    await untilEnded(queue, 320);
    expect(mostAtOnce(journalOf(queue))).toBeLessThanOrEqual(12);
    expect(mostAtOnce(journalOf(queue))).toBeGreaterThan(6);
    let running = 0;
    const reached = eventsOf(journalOf(queue)).find(([at, delta]) => {
      running += delta;
      return at > changedAt && running > 6;
    });
    expect((reached?.[0] ?? Number.POSITIVE_INFINITY) - changedAt).toBeLessThan(3_000);
    for (const worker of workers) expect(await worker.stop()).toBe(0);
  });

  it('concurrency, with workers over HTTP beside', async () => {
    const queue = newQueue();
    await setLimits(queue, { concurrency: 2 });
    const ids = await submitMany(api, queue, 3, {
      task: 'journal',
      payload: { file: journalOf(queue), ms: 1 },
    });
    const { lease, jobs } = await take(api, { queues: [queue], max: 5 });
    expect(jobs).toHaveLength(2);
    expect(await api.get(ids[2] ?? '')).toMatchObject({ status: 'queued', heldBy: 'concurrency' });
    const waiting = take(api, { queues: [queue], max: 5, waitMs: 20_000 });
    const [first, second] = jobs;
    await post(api, `/jobs/${first?.id}/complete`, { lease });
    expect((await waiting).jobs.map(({ id }) => id)).toEqual([ids[2]]);
    // A TypeScript worker that waits at the limit is woken by the end of a job over HTTP.
    const worker = await startWorker(redis.url, { QUEUES: queue });
    await submit(queue, 1, 1);
    await post(api, `/jobs/${second?.id}/complete`, { lease });
    await untilEnded(queue, 3);
    expect(await worker.stop()).toBe(0);
  });

  it('rate: no window has more starts than it allows, and under a backlog it is used', async () => {
    const queue = newQueue();
    await setLimits(queue, { rate: { limit: 100, per: '1s', burst: 10 } });
    const env = { QUEUES: queue, PROCESSES: '2', CONCURRENCY: '10' };
    const worker = await startWorker(redis.url, env);
    await submit(queue, 160, 5);
    await untilEnded(queue, 160);
    const starts = eventsOf(journalOf(queue))
      .filter(([, delta]) => delta > 0)
      .map(([at]) => at)
      .sort((a, b) => a - b);
    const lasted = (starts.at(-1) ?? 0) - (starts[0] ?? 0);
    // 10 at once, and 150 at 100 a second.
    expect(lasted).toBeGreaterThan(1_400);
    expect(lasted).toBeLessThan(15_000);
    starts.forEach((from, i) => {
      const inHalfASecond = starts.slice(i).filter((at) => at < from + 500).length;
      // A handler starts some ms after its job was taken.
      expect(inHalfASecond).toBeLessThanOrEqual(10 + 50 + 5);
    });
    expect(await worker.stop()).toBe(0);
  });
});
