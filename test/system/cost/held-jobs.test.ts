import { expect, it } from 'vitest';
import type { Unrunnable } from '../../../src/lifecycle/consumer.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { putQueued } from '../../helpers/redis/places.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { take } from '../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

/** Holds this many more jobs of one class. */
async function holdMore(count: number): Promise<void> {
  await putQueued(redis.client, queue.keys, Array.from({ length: count }).fill(1));
  const deliveries = await queue.takeAs(queue.one, count);
  const jobs = deliveries.map(
    ({ place, entryId, token, readyAt }): Unrunnable => ({
      ref: { place, entryId },
      token,
      priority: 'normal',
      readyAt,
      reason: 'task:nobody',
      refusers: [],
      expiresAt: undefined,
    }),
  );
  await queue.one.hold(queue.keys, jobs);
}

/** How many commands Redis ran for a take that finds nothing, those in its script included. */
async function commandsOfTake(): Promise<number> {
  await redis.client.config('RESETSTAT');
  await take(queue.two, queue.keys, { count: 10 });
  const stats = await redis.client.info('commandstats');
  const calls = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)];
  return calls.reduce((sum, [, name, count]) => (name === 'config|resetstat' ? sum : sum + Number(count)), 0);
}

it('a take costs the same however many jobs are held for others', async () => {
  await holdMore(1);
  const alone = await commandsOfTake();
  for (let i = 0; i < 10; i += 1) await holdMore(1_000);
  expect(await redis.client.zcard(queue.keys.holds)).toBe(10_001);
  expect(await commandsOfTake()).toBe(alone);
  expect(await redis.client.xlen(queue.keys.control)).toBe(1);
});
