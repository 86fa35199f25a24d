import { beforeEach, describe, expect, it } from 'vitest';
import { queueGauges, queueStats } from '../../src/queues/stats.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { noneHeld } from '../../src/schemas/queues/held.ts';
import { deliver, newQueueKeys, putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
let keys: QueueKeys;
beforeEach(() => {
  keys = newQueueKeys();
});

const heldNow = async () => {
  const [{ held, counts }, gauges] = await Promise.all([
    queueStats(redis.client, keys),
    queueGauges(redis.client, keys),
  ]);
  expect(gauges).toMatchObject({ held, counts });
  return held;
};

/** Delivers a job of the lane, and puts it into `holds`. */
async function hold(holdClass: string, priority = 3): Promise<void> {
  const [ref] = await putQueued(redis.client, keys, [1]);
  const entryId = ref?.entryId ?? '';
  await deliver(redis.client, keys, 1);
  await redis.client.xack(keys.stream.normal, 'workers', entryId);
  await redis.client.zadd(keys.holds, 0, `${holdClass}\n${priority}1${'1'.padStart(13, '0')} n${entryId}`);
}

describe('held jobs of a queue', () => {
  it('are none in a queue that holds nothing back', async () => {
    await putQueued(redis.client, keys, [1, 2]);
    expect(await heldNow()).toEqual(noneHeld());
  });

  it('are counted by the reason of their class', async () => {
    await hold('task:a\n');
    await hold('task:b\nf1,f2');
    await putQueued(redis.client, keys, [1]);
    expect(await heldNow()).toEqual({ ...noneHeld(), task: 2 });
  });

  it('are all others that are queued while the queue runs as many jobs as it may', async () => {
    await hold('task:a\n');
    await putQueued(redis.client, keys, [1, 2, 3]);
    await redis.client.hset(keys.settings, 'concurrency', 2);
    await deliver(redis.client, keys, 1);
    expect(await heldNow()).toEqual({ ...noneHeld(), task: 1 });
    await deliver(redis.client, keys, 1);
    expect(await heldNow()).toEqual({ ...noneHeld(), task: 1, concurrency: 1 });
    await redis.client.hset(keys.settings, 'concurrency', 3);
    expect(await heldNow()).toEqual({ ...noneHeld(), task: 1 });
  });

  it('are all others that are queued until the rate allows the next start', async () => {
    await putQueued(redis.client, keys, [1, 2]);
    await redis.client.hset(keys.settings, 'rate', '1 3600000 1');
    expect(await heldNow()).toEqual(noneHeld());
    await redis.client.set(keys.rateUse, String((Date.now() + 3_600_000) * 1_000));
    expect(await heldNow()).toEqual({ ...noneHeld(), rate: 2 });
  });

  it('tell how long the oldest waits, also behind very many classes', async () => {
    const member = (task: string, at: number, n: number) =>
      `task:${task}\n\n31${String(at).padStart(13, '0')} n1-${n}`;
    for (let i = 0; i < 250; i += 1)
      await redis.client.zadd(keys.holds, 0, member(`a${1_000 + i}`, Date.now(), i));
    const old = Date.now() - 3_600_000;
    const rows = Array.from({ length: 3_000 }, (_, i) => [0, member('z', old, 1_000 + i)]).flat();
    await redis.client.zadd(keys.holds, ...rows);
    const { oldestQueuedMs } = await queueStats(redis.client, keys);
    expect(oldestQueuedMs).toBeGreaterThanOrEqual(3_600_000);
  });

  it('out of parked are all counted as queued, however many classes they have', async () => {
    for (let i = 0; i < 250; i += 1) {
      const entryId = await redis.client.xadd(keys.stream.parked, '*', 't', 'a', 'p', '1', 'o', '');
      const order = `${i < 10 ? 1 : 3}0${'1'.padStart(13, '0')}`;
      await redis.client.zadd(keys.holds, 0, `task:t${String(i).padStart(3, '0')}\n\n${order} p${entryId}`);
    }
    expect(await queueStats(redis.client, keys)).toMatchObject({
      counts: { queued: 250 },
      held: { task: 250 },
      lanes: { critical: 10, normal: 240 },
    });
  });
});
