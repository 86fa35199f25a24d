import { expect, it } from 'vitest';
import { connectForWork, whenReady } from '../../../src/redis/connect.ts';
import { watchServers } from '../../../src/redis/server/server-watch.ts';
import { isOnCluster, until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();

it.skipIf(isOnCluster)('tells that the connection was made again, and not that it was made', async () => {
  const told: (string | undefined)[] = [];
  const connection = connectForWork({ url: redis.url, name: 'watched', scripts: [] });
  watchServers(connection, (gone) => told.push(gone));
  await whenReady(connection, 10_000);
  const id = await connection.client('ID');
  expect(told).toEqual([]);
  await redis.client.client('KILL', 'ID', id);
  await until(() => told.length > 0, 'news of a new connection');
  expect([told, await connection.ping()]).toEqual([[''], 'PONG']);
  connection.disconnect();
});
