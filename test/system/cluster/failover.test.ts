import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { untilWorkerReady } from '../../../src/local/ready.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { Load } from '../../helpers/jobs/submit-load.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { until } from '../../helpers/redis/server.ts';
import { readinessOf } from '../../helpers/telemetry/scrape.ts';
import {
  type ApiProcess,
  type BuiltProcess,
  startApiProcess,
  startWorkerProcess,
} from '../../helpers/workers/built-processes.ts';
import { TEST_TASKS } from '../../helpers/workers/worker-process.ts';

/** Their slots are at all three primaries. */
const QUEUES = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7'];

const cluster = useCluster({ replicas: 1 });
const reaper = createOrphanReaper();
let dir: string;
let api: ApiProcess;
let worker: BuiltProcess;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-failover-'));
  api = await startApiProcess(cluster.url, reaper);
  const env = { REDIS_URL: cluster.url, TASKS_DIR: TEST_TASKS, PROCESSES: '1', QUEUES: QUEUES.join(',') };
  worker = await startWorkerProcess(env, reaper, (limit) => untilWorkerReady(api.origin, QUEUES, limit));
});
afterAll(async () => {
  await Promise.all([api.stop(), worker.stop()]);
  reaper.end();
  await rm(dir, { recursive: true, force: true });
});

const WARM_UP = 100;
/** A reply and its copy for the replica go out in one step of Redis; a kill may come in between. */
const ONE_STEP_MS = 250;

it('goes on by itself when a primary is killed, and loses nothing that was accepted', async () => {
  const load = new Load(api.origin, join(dir, 'journal'), QUEUES);
  load.start();
  await until(() => load.accepted.length >= WARM_UP, 'accepted jobs');
  const [killed] = cluster.primaries;
  const at = performance.now();
  await killed?.server.kill();
  await until(async () => (await readinessOf(api.origin)).ready === false, 'an API that is not ready');
  await until(async () => (await readinessOf(api.origin)).ready, 'a ready API');
  const again = performance.now();
  const before = load.accepted.length;
  await until(() => load.accepted.length >= before + WARM_UP, 'jobs that are accepted again');
  await load.stop();
  let left: string[] = [];
  const isInMoment = (text: string) =>
    Math.abs(Number(/accepted at ([\d.]+)/.exec(text)?.[1]) - at) < ONE_STEP_MS;
  await until(
    async () => {
      left = await load.unfinished();
      return left.every(isInMoment);
    },
    () => `all accepted jobs complete; left: ${left.slice(0, 5).join(', ')}`,
  );
  const meanwhile = load.accepted.filter((one) => one.at > at + ONE_STEP_MS && one.at < again).length;
  console.log({
    readyAgainMs: Math.round(again - at),
    meanwhile,
    accepted: load.accepted.length,
    lost: left.length,
    doubled: load.doubled(),
    refused: Object.fromEntries(load.refused),
  });
  // The queues of the other primaries go on.
  expect(meanwhile).toBeGreaterThan(0);
  expect([...load.refused.keys()].filter((kind) => kind !== '503 redis-unavailable')).toEqual([]);
});
