import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

const JOBS = 10_000;

const redis = useRedis();
const api = useApi(redis);
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-shares-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('two workers with two processes each', () => {
  it(`share ${JOBS} jobs: all completed, none twice, and the stats add up`, async () => {
    const file = join(dir, 'journal.txt');
    const lines = Array.from({ length: JOBS }, (_, note) =>
      JSON.stringify({
        task: 'order',
        payload: { file, note },
        priority: note % 4 === 0 ? 'high' : 'normal',
      }),
    );
    const answer = await api.http
      .post('/jobs/batch')
      .set('content-type', 'application/x-ndjson')
      .send(lines.join('\n'))
      .expect(207);
    const ids: string[] = answer.body.items.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(JOBS);

    // None begins before the others are there.
    await api.http.post('/queues/default/pause').expect(200);
    const workers = await Promise.all([1, 2].map(() => startWorker(redis.url, { PROCESSES: '2' })));
    await api.http.post('/queues/default/resume').expect(200);
    const stats = await until(async () => {
      const { body } = await api.http.get('/queues/default/stats');
      return body.totals.completed === JOBS && body;
    }, 'all jobs');
    expect(stats.counts).toEqual({ queued: 0, scheduled: 0, running: 0, retrying: 0, failed: 0 });
    expect(stats.totals).toMatchObject({ submitted: JOBS, completed: JOBS, retried: 0, staleCommits: 0 });
    expect(stats.workers).toHaveLength(4);

    const notes = (await readFile(file, 'utf8')).trim().split('\n');
    expect(notes).toHaveLength(JOBS);
    expect(new Set(notes).size).toBe(JOBS);
    const users = new Set<string | undefined>();
    for (let i = 0; i < JOBS; i += 97) {
      const job = await api.get(ids[i] ?? '');
      expect(job).toMatchObject({ status: 'completed', result: i, attempt: 1 });
      users.add(job.worker);
    }
    expect(users.size).toBe(4);
    for (const worker of workers) expect(await worker.stop()).toBe(0);
    // Nothing is left of the jobs but their results.
    const rest = (await redis.client.keys('*')).filter((key) => !key.includes(':result:'));
    expect(rest.filter((key) => /:(notes|leases|due|dead|scheduled)/.test(key))).toEqual([]);
    expect(await redis.client.xlen('mr:{default}:lane:normal')).toBe(0);
  });
});
