import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { connectForRequests } from '../../../src/redis/connect.ts';
import type { ServerConnection } from '../../../src/redis/connection.ts';
import { isUnavailable } from '../../../src/redis/faults.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { untilConnected, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const cluster = useCluster();

/** Longer than a request waits for a reply. */
const STALL_MS = 1_200;

/** Nothing else of this process runs in that time, as when it gets no CPU. */
function stall(): void {
  const end = performance.now() + STALL_MS;
  while (performance.now() < end);
}

async function openTo(url: string): Promise<ServerConnection> {
  const connection = connectForRequests({ url, name: 'test', scripts: [] });
  onTestFinished(() => connection.disconnect());
  await untilConnected(connection);
  // Both have the commands.
  return connection as ServerConnection;
}

/** A reply after so many ms, since nobody follows this server. */
const replyAfter = (connection: ServerConnection, ms: number) => connection.wait(1, ms);

it.each([
  ['one server', () => redis.url],
  ['a node of a Cluster', () => cluster.url],
])('a reply that came while the process had no turn is no fault: %s', async (_, urlOf) => {
  const connection = await openTo(urlOf());
  const reply = replyAfter(connection, 200).catch((error: unknown) => error);
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  stall();
  expect(await reply).toBe(0);
  // The next command has its full time, and is given up after that.
  const late = replyAfter(connection, 10_000).catch((error: unknown) => error);
  expect(isUnavailable(await late)).toBe(true);
  await untilConnected(connection);
  expect(await connection.ping()).toBe('PONG');
});
