import { writeFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { callRedis } from '../../../src/local/resp.ts';
import { PATIENCE_MS } from '../../helpers/patience.ts';
import { SENTINEL_PASSWORD, useSentinels } from '../../helpers/redis/sentinel.ts';
import { until } from '../../helpers/redis/server.ts';
import { useBuiltStack } from '../../helpers/workers/built-stack.ts';

const QUEUE = 'q0';

const bed = useSentinels();
const env = { SENTINEL_PASSWORD, LEASE_MS: String(PATIENCE_MS) };
const stack = useBuiltStack(bed, [QUEUE], env, { CONCURRENCY: '1' });

/** Submits a job that ends once the file exists. */
const submitUntil = (file: string) =>
  stack.jobs.submit({ task: 'until-file', queue: QUEUE, payload: { file } });

/** Waits until the replicas have all that the primary has now. */
async function untilReplicated(url: string): Promise<void> {
  const client = new Redis(url);
  await client.set('test', 1);
  expect(await client.wait(1, PATIENCE_MS)).toBeGreaterThan(0);
  client.disconnect();
}

it('a job completes, though its worker is full, whose end a primary confirms that is one no longer', async () => {
  const [file, long] = [stack.file('end'), stack.file('long')];
  const job = await submitUntil(file);
  await stack.jobs.untilStatus(job, 'running');
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
  await stack.startWorker({ CONCURRENCY: '2' });
  await stack.jobs.untilStatus(job, 'completed');
  expect((await stack.jobs.get(next)).status).toBe('running');
  await writeFile(long, '');
  await stack.jobs.untilStatus(next, 'completed');
});
