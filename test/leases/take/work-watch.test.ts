import { expect, it } from 'vitest';
import { WorkWatch } from '../../../src/leases/take/work-watch.ts';
import { BlockingReader } from '../../../src/redis/blocking-reader.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { newQueue } from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();

it('a queue is watched from the last ids of its streams on, also of entries that are gone', async () => {
  const keys = queueKeys('mr', newQueue());
  const { normal, low } = keys.stream;
  const [first, gone, token] = await Promise.all(
    [normal, low, keys.wake].map((stream) => redis.client.xadd(stream, '*', 'p', 'x')),
  );
  await redis.client.xdel(low, gone ?? '');
  const watch = new WorkWatch(new BlockingReader(redis.client, redis.client), redis.client);
  expect(Object.fromEntries(await watch.positions(keys))).toEqual({
    [keys.stream.critical]: '0-0',
    [keys.stream.high]: '0-0',
    [normal]: first,
    [low]: gone,
    [keys.wake]: token,
  });
});
