import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { untilWorkerReady } from '../../../src/local/ready.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { moveSlot, primaryOfSlot } from '../../helpers/redis/cluster-moves.ts';
import { until } from '../../helpers/redis/server.ts';
import {
  type ApiProcess,
  type BuiltProcess,
  startApiProcess,
  startWorkerProcess,
} from '../../helpers/workers/built-processes.ts';
import { TEST_TASKS } from '../../helpers/workers/worker-process.ts';

const ROUNDS = 3;
/** The new primary is slow for so long, as after a large move. */
const SLOW_MS = 240;
/** In this time another job ends, ms. */
const MEANWHILE_MS = 60;
/** The job in question, ms. */
const JOB_MS = 1_000;

const primaryAt = (queue: string) => Math.floor((slotOf(queueKeys('mr', queue).leases) * 3) / 16_384);
const named = (primary: number) =>
  Array.from({ length: 40 }, (_, i) => `q${i}`).find((queue) => primaryAt(queue) === primary) ?? '';
const MOVED = named(0);
const OTHER = named(2);

const cluster = useCluster();
const reaper = createOrphanReaper();
let dir: string;
let api: ApiProcess;
let worker: BuiltProcess;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-redirected-'));
  api = await startApiProcess(cluster.url, reaper);
  const env = {
    REDIS_URL: cluster.url,
    TASKS_DIR: TEST_TASKS,
    PROCESSES: '1',
    CONCURRENCY: '2',
    QUEUES: `${MOVED},${OTHER}`,
  };
  worker = await startWorkerProcess(env, reaper, (limit) =>
    untilWorkerReady(api.origin, [MOVED, OTHER], limit),
  );
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

async function submit(queue: string, task: string, payload: unknown): Promise<string> {
  const body = JSON.stringify({ task, queue, payload });
  return ((await send(api.origin, { path: '/jobs', headers: JSON_TYPE, body })).body as Job).id;
}

/** The worker ends a job and takes the next one just when the queue has moved: the take goes on to the new primary. */
async function runsAfterMove(round: number): Promise<number> {
  const slot = slotOf(queueKeys('mr', MOVED).leases);
  const from = await primaryOfSlot(cluster.primaries, slot);
  const to = cluster.primaries.find((one, i) => one !== from && i < 2);
  if (to === undefined) throw new Error('three primaries');
  const file = (name: string) => join(dir, `${name}-${round}`);
  const first = await submit(MOVED, 'until-file', { file: file('first') });
  const other = await submit(OTHER, 'until-file', { file: file('other') });
  await Promise.all([untilStatus(first, 'running'), untilStatus(other, 'running')]);
  const next = await submit(MOVED, 'journal', { file: file('journal'), ms: JOB_MS });
  await moveSlot(cluster.primaries, slot, from, to);
  await to.client.call('CLIENT', 'PAUSE', SLOW_MS, 'ALL');
  await writeFile(file('first'), '');
  await sleep(MEANWHILE_MS);
  await writeFile(file('other'), '');
  await untilStatus(next, 'completed');
  const lines = (await readFile(file('journal'), 'utf8')).split('\n');
  return lines.filter((line) => line.includes(' 1 ')).length;
}

it('a job runs once whose take a Cluster sends on to another primary', async () => {
  const runs = [];
  for (let round = 0; round < ROUNDS; round += 1) runs.push(await runsAfterMove(round));
  expect(runs).toEqual(Array.from({ length: ROUNDS }, () => 1));
});
