import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { PATIENCE_MS } from '../../helpers/patience.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { primaryOfSlot, replicaOf } from '../../helpers/redis/cluster-moves.ts';
import { until } from '../../helpers/redis/server.ts';
import { useBuiltStack } from '../../helpers/workers/built-stack.ts';

const QUEUES = ['q0', 'q1', 'q2'];
const [QUEUE = ''] = QUEUES;

const cluster = useCluster({ replicas: 1 });
const stack = useBuiltStack(cluster, QUEUES, {}, { CONCURRENCY: '1' });

/** Submits a job that ends once the file exists. */
const submitUntil = (file: string) =>
  stack.jobs.submit({ task: 'until-file', queue: QUEUE, payload: { file } });

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
    const file = stack.file('end');
    const job = await submitUntil(file);
    await stack.jobs.untilStatus(job, 'running');
    await endAtStalePrimary(file);
    await stack.jobs.untilStatus(job, 'completed');
  });

  it('soon, when its worker is full', async () => {
    const [file, long] = [stack.file('end-again'), stack.file('long')];
    const job = await submitUntil(file);
    await stack.jobs.untilStatus(job, 'running');
    const next = await submitUntil(long);
    await endAtStalePrimary(file);
    // The new primary has both jobs.
    await stack.startWorker({ CONCURRENCY: '2' });
    await stack.jobs.untilStatus(job, 'completed');
    await writeFile(long, '');
    await stack.jobs.untilStatus(next, 'completed');
  });
});
