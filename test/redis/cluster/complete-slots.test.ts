import { expect, it, onTestFinished } from 'vitest';
import { connectForWork } from '../../../src/redis/connect.ts';
import { startCluster } from '../../helpers/redis/cluster.ts';
import { idOf } from '../../helpers/redis/cluster-moves.ts';
import { untilConnected } from '../../helpers/redis/server.ts';

/** Each asks the nodes in an order of its own. */
const CONNECTIONS = 10;

it('a node that has left the Cluster makes no connection give up the nodes', async () => {
  const cluster = await startCluster({ primaries: 1 });
  onTestFinished(() => cluster.stop());
  const gone = await cluster.addNode();
  const id = await idOf(gone);
  for (const { client } of cluster.primaries) await client.call('CLUSTER', 'FORGET', id);
  await gone.client.call('CLUSTER', 'RESET');
  expect(await gone.client.call('CLUSTER', 'SLOTS')).toEqual([]);
  let closed = 0;
  const url = `${cluster.url},127.0.0.1:${gone.port}`;
  const open = async () => {
    const redis = connectForWork({ url, name: 'test', scripts: [] });
    onTestFinished(() => redis.disconnect());
    redis.on('close', () => {
      closed += 1;
    });
    await untilConnected(redis);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, open));
  expect(closed).toBe(0);
});
