import { describe, expect, it } from 'vitest';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { KeySpace } from '../../../src/redis/keyspace.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { Load } from '../../helpers/jobs/submit-load.ts';
import { type ClusterNode, useCluster } from '../../helpers/redis/cluster.ts';
import { until } from '../../helpers/redis/server.ts';
import { readinessOf } from '../../helpers/telemetry/scrape.ts';
import { useBuiltStack } from '../../helpers/workers/built-stack.ts';

/** Three for each primary. */
const QUEUES = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7', 'q8', 'q9', 'q10', 'q11'];
const WARM_UP = 200;
/** Jobs that wait in each of the other queues, and how many complete while a primary is away, three times. */
const BACKLOG = 3_000;
const MEANWHILE = 4_000;
const BATCH = 500;

const cluster = useCluster({ replicas: 1 });

const stack = useBuiltStack(cluster, QUEUES);

/** The index of the primary that serves a key, as the bed shares the slots. */
const indexOf = (key: string) => Math.floor((slotOf(key) * 3) / 16_384);
const isAt = (index: number) => (queue: string) => indexOf(queueKeys('mr', queue).leases) === index;

/** A primary without the list of all queues, and that of workers, and its replica. */
function victim(): { index: number; primary: ClusterNode; replica: ClusterNode } {
  const { queues, workers } = new KeySpace('mr', true);
  const index = [0, 1, 2].find((i) => i !== indexOf(queues) && i !== indexOf(workers.workers)) ?? 0;
  const [primary, replica] = [cluster.primaries[index], cluster.replicas[index]];
  if (primary === undefined || replica === undefined) throw new Error('three primaries and replicas');
  return { index, primary, replica };
}

const completedIn = async (queues: readonly string[]) => {
  const counts = await Promise.all(
    queues.map(async (queue) => {
      const { totals } = queueKeys('mr', queue);
      return Number(await cluster.primaries[indexOf(totals)]?.client.hget(totals, 'completed'));
    }),
  );
  return counts.reduce((sum, one) => sum + one, 0);
};

/** Jobs a second over the time in which so many more complete. */
async function rateOf(queues: readonly string[], jobs: number): Promise<number> {
  const from = { at: performance.now(), completed: await completedIn(queues) };
  let completed = from.completed;
  await until(async () => {
    completed = await completedIn(queues);
    return completed - from.completed >= jobs;
  }, 'completed jobs of the other queues');
  return ((completed - from.completed) * 1_000) / (performance.now() - from.at);
}

const pause = (queue: string, verb: 'pause' | 'resume') =>
  send(stack.origin, { path: `/queues/${queue}/${verb}` });

async function submitBacklog(queue: string): Promise<void> {
  const jobs = Array.from({ length: BATCH }, () => ({ task: 'echo', queue }));
  for (let sent = 0; sent < BACKLOG; sent += BATCH) {
    const body = JSON.stringify({ jobs });
    const { status } = await send(stack.origin, { path: '/jobs/batch', headers: JSON_TYPE, body });
    expect(status).toBe(207);
  }
}

/** The lists of all queues name those that they lack. */
async function expectMissing(queues: readonly string[]): Promise<void> {
  for (const path of ['/queues', '/jobs?status=failed', '/tasks', '/workers']) {
    const { status, body } = await send(stack.origin, { method: 'GET', path });
    expect([path, status, (body as { missing?: string[] }).missing]).toEqual([path, 200, [...queues].sort()]);
  }
}

/** Submits to the queues until `during` has ended; all that was accepted then completes, once. */
async function underLoad(
  queueSets: readonly string[][],
  during: () => Promise<{ at: number }>,
): Promise<void> {
  const loads = queueSets.map(
    (queues, i) => new Load(stack.origin, stack.file(`journal-${i}-${Date.now()}`), queues),
  );
  for (const load of loads) load.start();
  await until(() => loads.every(({ accepted }) => accepted.length >= WARM_UP), 'accepted jobs');
  const { at } = await during();
  const before = loads.map(({ accepted }) => accepted.length);
  await until(
    () => loads.every(({ accepted }, i) => accepted.length >= (before[i] ?? 0) + WARM_UP),
    'jobs that are accepted again',
  );
  for (const load of loads) await load.stop();
  for (const load of loads) {
    const lost = await load.untilCompleted(at);
    const refused = [...load.refused.keys()];
    console.log({ accepted: load.accepted.length, lost, refused, doubled: load.doubled() });
    expect(load.doubled()).toBe(0);
    expect(refused.filter((kind) => kind !== '503 redis-unavailable')).toEqual([]);
  }
}

async function goesOnWithout(away: () => unknown, back: () => unknown): Promise<void> {
  const { index, replica } = victim();
  const lost = QUEUES.filter(isAt(index));
  const others = QUEUES.filter((queue) => !lost.includes(queue));
  await replica.client.config('SET', 'cluster-replica-no-failover', 'yes');
  await underLoad([others, lost], async () => {
    for (const queue of others) await pause(queue, 'pause');
    await Promise.all(others.map(submitBacklog));
    for (const queue of others) await pause(queue, 'resume');
    const before = await rateOf(others, MEANWHILE);
    const at = performance.now();
    await away();
    const meanwhile = await rateOf(others, MEANWHILE);
    const later = await rateOf(others, MEANWHILE);
    await until(async () => (await readinessOf(stack.origin)).ready === false, 'an API that is not ready');
    await expectMissing(lost);
    await back();
    await until(async () => (await readinessOf(stack.origin)).ready, 'a ready API');
    console.log({ before, meanwhile, later });
    // A busy machine makes them differ; what stands still for seconds is far slower.
    expect(Math.min(meanwhile, later)).toBeGreaterThan(before / 5);
    return { at };
  });
}

describe('while one primary is away, queues of the others go on', () => {
  it('when it hangs', async () => {
    const { primary } = victim();
    await goesOnWithout(
      () => process.kill(primary.server.pid, 'SIGSTOP'),
      () => process.kill(primary.server.pid, 'SIGCONT'),
    );
  });

  it('when it is killed, until its replica takes over', async () => {
    const { primary, replica } = victim();
    await goesOnWithout(
      () => primary.server.kill(),
      () => replica.client.config('SET', 'cluster-replica-no-failover', 'no'),
    );
  });
});
