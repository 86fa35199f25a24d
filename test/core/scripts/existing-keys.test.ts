import { expect, it } from 'vitest';
import { withExistingKeys } from '../../../src/core/scripts/existing-keys.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();

it('finds the items that have at least one existing key', async () => {
  const items = Array.from({ length: 700 }, (_, i) => i);
  const keysOf = (i: number) => [`one:${i}`, `two:${i}`];
  const find = () => withExistingKeys(redis.client, items, keysOf);
  expect(await withExistingKeys(redis.client, [], keysOf)).toEqual([]);
  expect(await find()).toEqual([]);
  for (const key of ['one:0', 'two:0', 'two:499', 'one:500', 'two:699']) await redis.client.set(key, 'x');
  expect(await find()).toEqual([0, 499, 500, 699]);
});
