import { beforeEach, describe, expect, it } from 'vitest';
import { Sweeper } from '../../src/maintenance/sweeper.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { newQueue } from '../helpers/leases/http-worker.ts';
import { useKeyedQueue } from '../helpers/lifecycle/keyed-queue.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';

/** A sweep looks at each job of shorter queues. */
const LONG = 5_100;
/** A long queue is looked at once in so many sweeps. */
const ROUND = 10;
/** Commands of such a round, a little above what was counted. A look at each job would be some 40,000. */
const MOST_COMMANDS = 100;

const redis = useRedis();
const { complete, queue, setLimits, submitFor, takeAs, takeKeys } = useKeyedQueue(redis);

it('completes a sweep even if each pass gets new key objects for the queue', async () => {
  const name = newQueue();
  const core = createTestCore(redis.client, { deadTtlMs: 1_000 });
  const sweeper = new Sweeper(core, () => [queueKeys('mr', name)]);
  const delays: number[] = [];
  for (let pass = 0; pass < 10; pass += 1) delays.push(await sweeper.run());
  expect(Math.max(...delays)).toBeGreaterThan(10_000);
});

describe('in a long queue', () => {
  let sweeper: Sweeper;

  async function commands(): Promise<number> {
    const stats = await redis.client.info('commandstats');
    return [...stats.matchAll(/calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
  }

  async function sweep(times: number): Promise<void> {
    for (let done = 0; done < times; ) if ((await sweeper.run()) > 10_000) done += 1;
  }

  /** Jobs of one key that wait for one that runs. */
  beforeEach(async () => {
    sweeper = new Sweeper(createTestCore(redis.client), () => [queue.keys]);
    await setLimits({ keyConcurrency: 1 });
    await submitFor('a'.repeat(LONG));
    for (let held = 0; held < LONG - 1; held = await redis.client.zcard(queue.keys.holds)) await takeKeys();
    await sweep(1);
  });

  it('it looks at no job while none is lost, and at each once one is in no place', async () => {
    const before = await commands();
    await sweep(ROUND);
    const round = (await commands()) - before;
    console.log({ round });
    expect(round).toBeLessThan(MOST_COMMANDS);
    const [lost = ''] = await redis.client.zrange(queue.keys.holds, '3000', '3000');
    await redis.client.zrem(queue.keys.holds, lost);
    await sweep(ROUND);
    expect(await redis.client.zrange(queue.keys.due.normal, 0, '-1')).toEqual([lost.split(' ').at(-1)]);
  });

  it('it gives a key without a turn one, and a consumer without a lease one that has ended', async () => {
    await redis.client.zrem(queue.keys.leases, 'one');
    await sweep(ROUND);
    const ends = Number(await redis.client.zscore(queue.keys.leases, 'one'));
    expect(ends).toBeGreaterThan(0);
    expect(ends).toBeLessThan(Date.now() + 1_000);
    const running = await redis.client.hkeys(queue.keys.runsFor);
    expect(running).toHaveLength(1);
    const [, ...ids] = /^n(.*)$/.exec(running[0] ?? '') ?? [];
    await redis.client.xack(queue.keys.stream.normal, 'workers', ...ids);
    await redis.client.xdel(queue.keys.stream.normal, ...ids);
    await redis.client.del(queue.keys.runningKeys, queue.keys.runsFor);
    expect(await takeKeys(10, queue.two)).toBe('');
    await sweep(ROUND);
    const { deliveries } = await takeAs(queue.two);
    expect(deliveries).toHaveLength(1);
    await complete(queue.two, deliveries);
  });
});
