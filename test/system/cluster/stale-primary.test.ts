import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilWorkerReady } from '../../../src/local/ready.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { PATIENCE_MS } from '../../helpers/patience.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { primaryOfSlot, replicaOf } from '../../helpers/redis/cluster-moves.ts';
import { until } from '../../helpers/redis/server.ts';
import {
  type ApiProcess,
  type BuiltProcess,
  startApiProcess,
  startWorkerProcess,
} from '../../helpers/workers/built-processes.ts';
import { TEST_TASKS } from '../../helpers/workers/worker-process.ts';

const QUEUES = ['q0', 'q1', 'q2'];
const [QUEUE = ''] = QUEUES;

const cluster = useCluster({ replicas: 1 });
const reaper = createOrphanReaper();
let dir: string;
let api: ApiProcess;
let worker: BuiltProcess;

const startWorker = (concurrency: number) =>
  startWorkerProcess(
    {
      REDIS_URL: cluster.url,
      TASKS_DIR: TEST_TASKS,
      PROCESSES: '1',
      CONCURRENCY: String(concurrency),
      QUEUES: QUEUES.join(','),
    },
    reaper,
    (limit) => untilWorkerReady(api.origin, QUEUES, limit),
  );

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-stale-'));
  api = await startApiProcess(cluster.url, reaper);
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

/** Stops the primary of the queue, writes the file, and lets the primary go on when another one has taken over. */
async function endAtStalePrimary(file: string): Promise<void> {
  const nodes = [...cluster.primaries, ...cluster.replicas];
  const slot = slotOf(queueKeys('mr', QUEUE).leases);
  const primary = await primaryOfSlot(nodes, slot);
  await replicaOf(nodes, primary);
  // The replica has what was before this write once it has the write.
  await primary.client.hset(queueKeys('mr', QUEUE).totals, 'test', 1);
  expect(await primary.client.wait(1, PATIENCE_MS)).toBe(1);
  process.kill(primary.server.pid, 'SIGSTOP');
  await writeFile(file, '');
  await until(async () => (await primaryOfSlot(nodes, slot)) !== primary, 'another primary');
  // It confirms what has waited at its sockets, and hears of its successor after that.
  process.kill(primary.server.pid, 'SIGCONT');
}

describe('a job completes whose end a primary confirms that is one no longer', () => {
  it('soon, when its worker looks for jobs', async () => {
    const file = join(dir, 'end');
    const id = await submitUntil(file);
    await untilStatus(id, 'running');
    await endAtStalePrimary(file);
    await untilStatus(id, 'completed');
  });

  it('soon, when its worker is full', async () => {
    const [file, long] = [join(dir, 'end-again'), join(dir, 'long')];
    const id = await submitUntil(file);
    await untilStatus(id, 'running');
    const next = await submitUntil(long);
    await endAtStalePrimary(file);
    // The new primary has both jobs.
    const other = await startWorker(2);
    await untilStatus(id, 'completed');
    await writeFile(long, '');
    await untilStatus(next, 'completed');
    await other.stop();
  });
});
