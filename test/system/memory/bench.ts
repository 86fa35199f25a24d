import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { untilWorkerReady } from '../../../src/local/ready.ts';
import { startRedis } from '../../../src/local/redis-server.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { connectForWork } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import type { SubmitJob } from '../../../src/schemas/job.ts';
import { scripts } from '../../../src/scripts.ts';
import { until, untilConnected } from '../../helpers/redis/server.ts';
import { startApiProcess, startWorkerProcess } from '../../helpers/workers/built-processes.ts';
import { QUIET_SETTINGS, usedMemory } from './used.ts';

const TASKS_DIR = fileURLToPath(new URL('../../helpers/tasks', import.meta.url));
const BATCH = 10_000;
const LIMIT_MS = 300_000;
/** What a queue at rest has at most: results are keys too. */
const KEYS_AT_REST = 100;

export interface Bench {
  readonly redis: Connection;
  /** Submits that many jobs, given by their index from 0. */
  submit(count: number, job: (index: number) => SubmitJob): Promise<void>;
  /** Waits until so many jobs of the default queue have ended in all, and their results have expired. */
  settled(total: { completed: number; retried: number }): Promise<void>;
  /** Bytes that Redis has in use, when nobody speaks to it. */
  usedMemory(): Promise<number>;
}

/** Runs a Redis with these settings, the API, and a worker with two processes for the default queue. */
export async function withBench<T>(
  settings: Readonly<Record<string, string>>,
  use: (bench: Bench) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'mr-memory-'));
  const reaper = createOrphanReaper();
  const stops: (() => unknown)[] = [() => rm(dir, { recursive: true, force: true }), () => reaper.end()];
  try {
    const server = await startRedis({
      dir,
      persistent: false,
      settings: { ...QUIET_SETTINGS, ...settings },
      reaper,
    });
    stops.push(() => server.stop());
    const api = await startApiProcess(server.url, reaper);
    stops.push(() => api.stop());
    const worker = await startWorkerProcess(
      { REDIS_URL: server.url, PROCESSES: '2', TASKS_DIR },
      reaper,
      (limit) => untilWorkerReady(api.origin, ['default'], limit),
    );
    stops.push(() => worker.stop());
    const redis = connectForWork({ url: server.url, name: 'memory', scripts });
    stops.push(() => redis.disconnect());
    await untilConnected(redis);
    return await use({
      redis,
      submit: (count, job) => submit(api.origin, count, job),
      settled: (total) => settled(redis, total),
      usedMemory: () => usedMemory((command, ...args) => redis.call(command, args)),
    });
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function submit(origin: string, count: number, job: (index: number) => SubmitJob): Promise<void> {
  for (let start = 0; start < count; start += BATCH) {
    const jobs = Array.from({ length: Math.min(BATCH, count - start) }, (_, i) => job(start + i));
    const response = await fetch(`${origin}/jobs/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: jobs.map((one) => JSON.stringify(one)).join('\n'),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const { items } = (await response.json()) as { items: { status: number }[] };
    const accepted = items.filter(({ status }) => status === 202).length;
    if (accepted !== jobs.length) throw new Error(`${accepted} of ${jobs.length} jobs were accepted`);
  }
}

async function settled(redis: Connection, total: { completed: number; retried: number }): Promise<void> {
  const { totals } = queueKeys('mr', 'default');
  const hasEnded = async () => {
    const [completed, retried] = await redis.hmget(totals, 'completed', 'retried');
    return Number(completed) >= total.completed && Number(retried) >= total.retried;
  };
  await until(hasEnded, 'the end of all jobs', LIMIT_MS);
  await until(async () => (await redis.dbsize()) < KEYS_AT_REST, 'the end of all results', LIMIT_MS);
}
