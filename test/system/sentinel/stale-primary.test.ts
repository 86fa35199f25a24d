import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { untilWorkerReady } from '../../../src/local/ready.ts';
import { callRedis } from '../../../src/local/resp.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { PATIENCE_MS } from '../../helpers/patience.ts';
import { SENTINEL_PASSWORD, useSentinels } from '../../helpers/redis/sentinel.ts';
import { until } from '../../helpers/redis/server.ts';
import {
  type ApiProcess,
  type BuiltProcess,
  startApiProcess,
  startWorkerProcess,
} from '../../helpers/workers/built-processes.ts';
import { TEST_TASKS } from '../../helpers/workers/worker-process.ts';

const ENV = { SENTINEL_PASSWORD };
const QUEUE = 'q0';

const bed = useSentinels();
const reaper = createOrphanReaper();
let dir: string;
let api: ApiProcess;
let worker: BuiltProcess;

const startWorker = (concurrency: number) =>
  startWorkerProcess(
    {
      ...ENV,
      REDIS_URL: bed.url,
      TASKS_DIR: TEST_TASKS,
      PROCESSES: '1',
      CONCURRENCY: String(concurrency),
      LEASE_MS: String(PATIENCE_MS),
      QUEUES: QUEUE,
    },
    reaper,
    (limit) => untilWorkerReady(api.origin, [QUEUE], limit),
  );

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-stale-'));
  api = await startApiProcess(bed.url, reaper, ENV);
  worker = await startWorker(1);
});
afterAll(async () => {
  await Promise.all([api.stop(), worker.stop()]);
  reaper.end();
  await rm(dir, { recursive: true, force: true });
});

const jobOf = async (id: string) =>
  (await send(api.origin, { method: 'GET', path: `/jobs/${id}` })).body as Partial<Job>;
const untilStatus = (id: string, status: string) =>
  until(
    async () => (await jobOf(id).catch(() => undefined))?.status === status,
    `a job ${id} that is ${status}`,
  );

/** Submits a job that ends once the file exists. */
async function submitUntil(file: string): Promise<string> {
  const body = JSON.stringify({ task: 'until-file', queue: QUEUE, payload: { file } });
  return ((await send(api.origin, { path: '/jobs', headers: JSON_TYPE, body })).body as Job).id;
}

/** Waits until the replicas have all that the primary has now. */
async function untilReplicated(url: string): Promise<void> {
  const client = new Redis(url);
  await client.set('test', 1);
  expect(await client.wait(1, PATIENCE_MS)).toBeGreaterThan(0);
  client.disconnect();
}

it('a job completes, though its worker is full, whose end a primary confirms that is one no longer', async () => {
  const [file, long] = [join(dir, 'end'), join(dir, 'long')];
  const id = await submitUntil(file);
  await untilStatus(id, 'running');
  const next = await submitUntil(long);
  const primary = await bed.primary();
  await untilReplicated(primary.url);
  process.kill(primary.pid, 'SIGSTOP');
  await until(async () => (await bed.primary().catch(() => primary)) !== primary, 'another primary');
  process.kill(primary.pid, 'SIGCONT');
  // It takes itself for the primary until a sentinel tells it.
  await writeFile(file, '');
  const role = async () => ((await callRedis(primary.url, ['ROLE'])) as unknown[])[0];
  await until(async () => (await role().catch(() => undefined)) === 'slave', 'a replica');
  const other = await startWorker(2);
  await untilStatus(id, 'completed');
  expect((await jobOf(next)).status).toBe('running');
  await writeFile(long, '');
  await untilStatus(next, 'completed');
  await other.stop();
});
