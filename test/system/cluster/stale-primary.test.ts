import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-stale-'));
  api = await startApiProcess(cluster.url, reaper);
  const env = { REDIS_URL: cluster.url, TASKS_DIR: TEST_TASKS, PROCESSES: '1', QUEUES: QUEUES.join(',') };
  worker = await startWorkerProcess(env, reaper, (limit) => untilWorkerReady(api.origin, QUEUES, limit));
});
afterAll(async () => {
  await Promise.all([api.stop(), worker.stop()]);
  reaper.end();
  await rm(dir, { recursive: true, force: true });
});

const jobOf = async (id: string) =>
  (await send(api.origin, { method: 'GET', path: `/jobs/${id}` })).body as Partial<Job>;

it('a job completes whose end a primary confirms that is one no longer', async () => {
  const nodes = [...cluster.primaries, ...cluster.replicas];
  const slot = slotOf(queueKeys('mr', QUEUE).leases);
  const primary = await primaryOfSlot(nodes, slot);
  await replicaOf(nodes, primary);
  const file = join(dir, 'end');
  const body = JSON.stringify({ task: 'until-file', queue: QUEUE, payload: { file } });
  const { id = '' } = (await send(api.origin, { path: '/jobs', headers: JSON_TYPE, body }))
    .body as Partial<Job>;
  await until(async () => (await jobOf(id)).status === 'running', 'a running job');
  // The replica has the start of the job once it has what follows.
  const { totals } = queueKeys('mr', QUEUE);
  await primary.client.hset(totals, 'test', 1);
  expect(await primary.client.wait(1, PATIENCE_MS)).toBe(1);

  process.kill(primary.server.pid, 'SIGSTOP');
  await writeFile(file, '');
  await until(async () => (await primaryOfSlot(nodes, slot)) !== primary, 'another primary');
  // It confirms what has waited at its sockets, and hears of its successor after that.
  process.kill(primary.server.pid, 'SIGCONT');
  const end = async () => (await jobOf(id).catch(() => undefined))?.finishedAt !== undefined;
  await until(end, 'the end of the job');
  expect(await jobOf(id)).toMatchObject({ status: 'completed' });
});
