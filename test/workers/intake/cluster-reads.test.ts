import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { connectForWork } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import type { QueueKeys } from '../../../src/redis/keys.ts';
import { scripts } from '../../../src/scripts.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { until, untilConnected } from '../../helpers/redis/server.ts';
import { createTestIntake, submitNumbers } from '../../helpers/workers/intake.ts';

const cluster = useCluster();
let client: Connection;
let intake: Awaited<ReturnType<typeof createTestIntake>>;
beforeAll(async () => {
  client = connectForWork({ url: cluster.url, name: 'test', scripts });
  await untilConnected(client);
});
afterEach(() => intake.close());
afterAll(() => client.disconnect());

const areBlocked = (count: number) =>
  until(async () => {
    const infos = await Promise.all(cluster.primaries.map((primary) => primary.client.info('clients')));
    const blocked = infos.map((info) => Number(/blocked_clients:(\d+)/.exec(info)?.[1]));
    return blocked.reduce((sum, one) => sum + one, 0) === count;
  }, `${count} blocked reads`);

/** An intake of three queues in three slots that waits for work, and these queues. */
async function waiting(name: string, concurrency: number): Promise<QueueKeys[]> {
  intake = await createTestIntake(
    { client, url: cluster.url },
    [0, 1, 2].map((i) => `${name}-${i}`),
    concurrency,
  );
  return [...intake.queues];
}
async function firstJob(first: QueueKeys | undefined): Promise<void> {
  const pass = intake.takeLoop.run();
  await areBlocked(3);
  if (first !== undefined) await submitNumbers({ client }, first, [1]);
  await pass;
  await until(() => intake.started.length === 1, 'a started job');
}

it('a job starts at once that comes while the worker does not wait for one', async () => {
  const [first, second] = await waiting('early', 4);
  await firstJob(first);
  await areBlocked(2);
  if (second !== undefined) await submitNumbers({ client }, second, [2]);
  await until(() => intake.started.length === 2, 'the second job');
});

it('a job that finds no room goes back soon, and reads end while the worker is full', async () => {
  const [first, second] = await waiting('full', 1);
  await firstJob(first);
  if (second !== undefined) await submitNumbers({ client }, second, [2]);
  await until(async () => (await client.zcard(second?.due.normal ?? '')) === 1, 'a released job');
  const pass = intake.takeLoop.run();
  await areBlocked(0);
  expect(intake.started.length).toBe(1);
  await intake.takeLoop.stop();
  await pass;
});

it('a stop ends all reads', async () => {
  const [first] = await waiting('stop', 4);
  await firstJob(first);
  await areBlocked(2);
  await intake.takeLoop.stop();
  await areBlocked(0);
});
