import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { newQueue, post, take } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

/** What a job costs Redis where one job of each key may run, in commands: a little above what was counted. */
const MOST_COMMANDS = 6;

const redis = useRedis();
const api = useApi(redis, { UNKNOWN_TASKS: 'accept' });
const folder = mkdtempSync(join(tmpdir(), 'key-limits-'));

const setLimits = (queue: string, limits: object) =>
  api.http.put(`/queues/${queue}`).send(limits).expect(200);

const completed = async (queue: string) =>
  Number(await redis.client.hget(queueKeys('mr', queue).totals, 'completed'));
const untilCompleted = (queue: string, count: number) =>
  until(async () => (await completed(queue)) === count, `the end of ${count} jobs`);

const journalOf = (queue: string) => join(folder, queue);

/** Submits a job of the task `journal` for each key. */
async function submitFor(queue: string, keys: readonly string[], ms: number): Promise<void> {
  for (let sent = 0; sent < keys.length; sent += 1_000) {
    const jobs = keys.slice(sent, sent + 1_000).map((key) => ({
      task: 'journal',
      queue,
      key,
      payload: { file: journalOf(queue), ms, key },
    }));
    await post(api, '/jobs/batch', { jobs });
  }
}

interface Line {
  readonly at: number;
  readonly delta: number;
  readonly key: string;
}

const linesOf = (queue: string): Line[] =>
  readFileSync(journalOf(queue), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [at, delta, key = ''] = line.split(' ');
      return { at: Number(at), delta: Number(delta), key };
    })
    .sort((a, b) => a.at - b.at || a.delta - b.delta);

/** The most jobs of a key that ran at the same time, by the journal of the handlers. */
function mostOfAKey(queue: string): number {
  const running = new Map<string, number>();
  let most = 0;
  for (const { delta, key } of linesOf(queue)) {
    running.set(key, (running.get(key) ?? 0) + delta);
    most = Math.max(most, running.get(key) ?? 0);
  }
  return most;
}

const keysOf = (keys: number, jobs: number): string[] =>
  Array.from({ length: keys * jobs }, (_, i) => `k${i % keys}`);

describe('a limit for each key holds over workers', () => {
  it('concurrency, at few commands a job, also where they wait for jobs', async () => {
    const queue = newQueue();
    await setLimits(queue, { perKey: { concurrency: 1 } });
    const env = { QUEUES: queue, PROCESSES: '1', CONCURRENCY: '50', LOG_LEVEL: 'info' };
    const workers = [await startWorker(redis.url, env), await startWorker(redis.url, env)];
    await submitFor(queue, keysOf(3, 4), 5);
    await untilCompleted(queue, 12);
    expect(mostOfAKey(queue)).toBe(1);
    // No worker has anything to do while the jobs are stored.
    await api.http.post(`/queues/${queue}/pause`).expect(200);
    await submitFor(queue, keysOf(300, 10), 1);
    await redis.client.config('RESETSTAT');
    await api.http.post(`/queues/${queue}/resume`).expect(200);
    await untilCompleted(queue, 3_012);
    const stats = await redis.client.info('commandstats');
    const calls = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)];
    const commands = calls.reduce((sum, [, name, count]) => (name === 'hget' ? sum : sum + Number(count)), 0);
    console.log({
      perJob: commands / 3_000,
      calls: calls.map(([, name, count]) => `${name} ${count}`).join(', '),
    });
    expect(commands / 3_000).toBeLessThan(MOST_COMMANDS);
    expect(mostOfAKey(queue)).toBe(1);
    for (const worker of workers) expect(await worker.stop()).toBe(0);
  });

  it('and the jobs of a key start in the order in which they came, with workers over HTTP beside', async () => {
    const queue = newQueue();
    await setLimits(queue, { perKey: { concurrency: 1 } });
    for (const key of ['a', 'a', 'b']) await api.submit({ task: 'work', queue, key, payload: key });
    const { lease, jobs } = await take(api, { queues: [queue], max: 10 });
    expect(jobs.map(({ key }) => key).sort()).toEqual(['a', 'b']);
    const waiting = take(api, { queues: [queue], max: 10, waitMs: 20_000 });
    const [first] = jobs.filter(({ key }) => key === 'a');
    await post(api, `/jobs/${first?.id}/complete`, { lease });
    const next = await waiting;
    expect(next.jobs.map(({ key }) => key)).toEqual(['a']);
    // A TypeScript worker that waits is woken by the end of a job over HTTP.
    const worker = await startWorker(redis.url, { QUEUES: queue });
    await submitFor(queue, ['a'], 1);
    await post(api, `/jobs/${next.jobs[0]?.id}/complete`, { lease: next.lease });
    await untilCompleted(queue, 3);
    expect(await worker.stop()).toBe(0);
  });

  it('a backlog of one key hides no other from workers over HTTP', async () => {
    const queue = newQueue();
    await setLimits(queue, { perKey: { concurrency: 1 } });
    await submitFor(queue, [...Array<string>(1_500).fill('a'), 'b'], 1);
    const { jobs } = await take(api, { queues: [queue], max: 10 });
    expect(jobs.map(({ key }) => key).sort()).toEqual(['a', 'b']);
  });

  it('keys take turns: those that come late do not wait for a long backlog of another', async () => {
    const queue = newQueue();
    await setLimits(queue, { fair: true });
    const late = Array.from({ length: 20 }, (_, i) => `late${i}`);
    await submitFor(queue, Array<string>(5_000).fill('first'), 0);
    await submitFor(queue, [...late, ...late], 0);
    const worker = await startWorker(redis.url, { QUEUES: queue, CONCURRENCY: '10', LOG_LEVEL: 'info' });
    await untilCompleted(queue, 5_040);
    const starts = linesOf(queue).filter(({ delta }) => delta > 0);
    const lastLate = starts.findLastIndex(({ key }) => key.startsWith('late'));
    const before = starts.slice(0, lastLate).filter(({ key }) => key === 'first').length;
    console.log({ before });
    // One start for sixty jobs that were looked at, and one start in each round of turns.
    expect(before).toBeLessThan(5_000 / 60 + 50);
    expect(await worker.stop()).toBe(0);
  });

  it('rate, without polls', async () => {
    const queue = newQueue();
    await setLimits(queue, { perKey: { rate: { limit: 5, per: '1s', burst: 1 } } });
    const worker = await startWorker(redis.url, { QUEUES: queue, LOG_LEVEL: 'info' });
    await submitFor(queue, keysOf(2, 5), 1);
    await untilCompleted(queue, 10);
    for (const name of ['k0', 'k1']) {
      const starts = linesOf(queue).filter(({ delta, key }) => delta > 0 && key === name);
      expect(starts).toHaveLength(5);
      // A handler starts some ms after its job was taken.
      expect((starts.at(-1)?.at ?? 0) - (starts[0]?.at ?? 0)).toBeGreaterThan(750);
    }
    expect(await worker.stop()).toBe(0);
  });
});
