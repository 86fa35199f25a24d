import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { spreadOf } from '../../../bench/stats.ts';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

const QUEUES = Array.from({ length: 12 }, (_, i) => `q${i}`);
/** Of an idle worker and an API, for each queue: reads, leases and what looks after the queue. */
const IDLE_PER_QUEUE_AND_SECOND = 4;
const IDLE_MS = 5_000;
const JOBS = 48;
/** Commands for a job of a worker with many queues, by those with one. */
const MOST_SHARE = 1.5;
const ANSWER_MS = 50;

const cluster = useCluster();
const api = useApi(cluster);

/** Calls of all primaries by command. */
async function calls(): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  for (const { client } of cluster.primaries) {
    const stats = (await client.info('commandstats')).matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm);
    for (const [, name = '', count] of stats) sums.set(name, (sums.get(name) ?? 0) + Number(count));
  }
  return sums;
}
const sumOf = (counts: ReadonlyMap<string, number>) =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);

/** Commands of a worker of these queues: a second while it is idle, and for a job that comes alone. */
async function costOf(queues: readonly string[]) {
  const worker = await startWorker(cluster.url, {
    QUEUES: queues.join(','),
    CONCURRENCY: '10',
    LOG_LEVEL: 'info',
  });
  const waitFor = (queue: string | undefined) =>
    api.http.post('/jobs?wait=10').send({ task: 'echo', queue }).expect(200);
  // The API follows the events of a queue from its first waiter on.
  for (const queue of queues) await waitFor(queue);
  const idleFrom = await calls();
  await sleep(IDLE_MS);
  const from = await calls();
  const took: number[] = [];
  for (let i = 0; i < JOBS; i += 1) {
    const at = performance.now();
    await waitFor(queues[i % queues.length]);
    took.push(performance.now() - at);
  }
  const to = await calls();
  expect(await worker.stop()).toBe(0);
  const idlePerMs = (sumOf(from) - sumOf(idleFrom)) / IDLE_MS;
  const ms = took.reduce((sum, one) => sum + one, 0);
  return {
    idlePerSecond: 1_000 * idlePerMs,
    perJob: (sumOf(to) - sumOf(from) - idlePerMs * ms) / JOBS,
    unblocks: (to.get('client|unblock') ?? 0) - (from.get('client|unblock') ?? 0),
    answerMs: spreadOf(took).median,
  };
}

describe('a worker with twelve queues in a Cluster', () => {
  it('costs little while it is idle, and no more for a job than one with one queue', async () => {
    expect(new Set(QUEUES.map((queue) => slotOf(queueKeys('mr', queue).wake))).size).toBe(QUEUES.length);
    const one = await costOf(['alone']);
    const twelve = await costOf(QUEUES);
    console.log({ one, twelve });
    expect(twelve.idlePerSecond).toBeLessThan(IDLE_PER_QUEUE_AND_SECOND * QUEUES.length);
    expect(twelve.perJob).toBeLessThan(MOST_SHARE * one.perJob);
    // Not once for each job. After a fault, which a busy machine may have, all open reads end once.
    expect(twelve.unblocks).toBeLessThan(QUEUES.length);
    expect(twelve.answerMs).toBeLessThan(ANSWER_MS);
  });
});
