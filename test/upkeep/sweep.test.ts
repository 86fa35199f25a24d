import { expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import { Sweeper } from '../../src/upkeep/sweep.ts';
import { newQueue } from '../helpers/http-work.ts';
import { useRedis } from '../helpers/redis.ts';

const redis = useRedis();

it('a sweep comes to its end, whoever makes the keys of the queues anew meanwhile', async () => {
  const queue = newQueue();
  const sweeper = new Sweeper(
    redis.client,
    () => [queueKeys('mr', queue)],
    1_000,
    () => undefined,
  );
  const delays: number[] = [];
  for (let pass = 0; pass < 10; pass += 1) delays.push(await sweeper.run());
  expect(Math.max(...delays)).toBeGreaterThan(10_000);
});
