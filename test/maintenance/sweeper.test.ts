import { expect, it } from 'vitest';
import { Sweeper } from '../../src/maintenance/sweeper.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { newQueue } from '../helpers/leases/http-worker.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

it('completes a sweep even if each pass gets new key objects for the queue', async () => {
  const queue = newQueue();
  const core = createTestCore(redis.client, { deadTtlMs: 1_000 });
  const sweeper = new Sweeper(core, () => [queueKeys('mr', queue)]);
  const delays: number[] = [];
  for (let pass = 0; pass < 10; pass += 1) delays.push(await sweeper.run());
  expect(Math.max(...delays)).toBeGreaterThan(10_000);
});
