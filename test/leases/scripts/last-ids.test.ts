import { expect, it } from 'vitest';
import { readLastIds } from '../../../src/leases/scripts/last-ids.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();

it('reads the last id of each stream, also of an entry that is gone', async () => {
  await redis.client.xadd('one', '5-1', 'a', 'b');
  await redis.client.xdel('one', '5-1');
  await redis.client.xadd('two', '7-0', 'a', 'b');
  expect(await readLastIds(redis.client, ['two', 'none', 'one'])).toEqual(['7-0', '0-0', '5-1']);
});
