import { expect, it } from 'vitest';
import { Sweeper } from '../../src/maintenance/sweeper.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { newQueue } from '../helpers/leases/http-worker.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

it('a sweep comes to its end, whoever makes the keys of the queues anew meanwhile', async () => {
  const queue = newQueue();
  const sweeper = new Sweeper(createTestCore(redis.client, { deadTtlMs: 1_000 }), () => [
    queueKeys('mr', queue),
  ]);
  const delays: number[] = [];
  for (let pass = 0; pass < 10; pass += 1) delays.push(await sweeper.run());
  expect(Math.max(...delays)).toBeGreaterThan(10_000);
});
