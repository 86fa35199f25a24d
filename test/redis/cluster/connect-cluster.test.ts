import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { nodeOf } from '../../../src/redis/cluster/primaries.ts';
import { isCluster } from '../../../src/redis/cluster/slots.ts';
import { connectForWork } from '../../../src/redis/connect.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { failOver } from '../../helpers/redis/cluster-moves.ts';
import { until, untilConnected } from '../../helpers/redis/server.ts';

const cluster = useCluster({ primaries: 1, replicas: 1 });

it('finds its nodes again when none of those that REDIS_URL names is there any more', async () => {
  const redis = connectForWork({ url: cluster.url, name: 'test', scripts: [] });
  onTestFinished(() => redis.disconnect());
  if (!isCluster(redis)) throw new Error('the connection is to one server');
  await untilConnected(redis);
  const [named] = cluster.primaries;
  if (named === undefined) throw new Error('no primary');
  const other = await failOver([...cluster.primaries, ...cluster.replicas], named);
  const knows = (port: number) => {
    redis.refreshSlotsCache();
    const [node, more] = redis.nodes('master');
    return node !== undefined && more === undefined && nodeOf(node) === `127.0.0.1:${port}`;
  };
  await until(() => knows(other.port), 'a connection that knows the new primary');
  await named.server.kill();
  await redis.set('key', 'kept');
  await until(() => redis.nodes().length === 1, 'a connection that has left the old primary');
  const closed = once(redis, 'close');
  await other.client.call('CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'yes');
  await closed;
  await untilConnected(redis);
  expect(await redis.get('key')).toBe('kept');
});
