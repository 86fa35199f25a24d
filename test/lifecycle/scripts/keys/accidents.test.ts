import { beforeEach, describe, expect, it } from 'vitest';
import { GROUP } from '../../../../src/redis/keys.ts';
import { keysOf, sorted, useKeyedQueue } from '../../../helpers/lifecycle/keyed-queue.ts';
import { useRedis } from '../../../helpers/redis/server.ts';

const redis = useRedis();
const { complete, queue, setLimits, submitFor, sweep, takeAs, takeKeys, wakeTokens } = useKeyedQueue(redis);

describe('an accident leaves nothing held', () => {
  beforeEach(() => setLimits({ keyConcurrency: 1 }));

  it('a job that counts as running and is not', async () => {
    await submitFor('aa');
    const { deliveries } = await takeAs(queue.one);
    // As a release does that does not know keys.
    await redis.client.xack(queue.keys.stream.normal, GROUP, deliveries[0]?.entryId ?? '');
    await redis.client.xdel(queue.keys.stream.normal, deliveries[0]?.entryId ?? '');
    expect(await takeKeys()).toBe('');
    await sweep();
    expect(await takeKeys()).toBe('a');
  });

  it('a key that has lost its turn', async () => {
    await submitFor('aabb');
    const { deliveries } = await takeAs(queue.one);
    await complete(queue.one, deliveries);
    await redis.client.del(queue.keys.turns);
    expect(await takeKeys()).toBe('');
    const before = await wakeTokens();
    await sweep();
    expect(await wakeTokens()).toBeGreaterThan(before);
    expect(await takeKeys()).toHaveLength(2);
  });

  it('a held job whose entry is gone', async () => {
    const refs = await submitFor('aaa');
    const { deliveries } = await takeAs(queue.one);
    await redis.client.xdel(queue.keys.stream.normal, refs[1]?.entryId ?? '');
    await complete(queue.one, deliveries);
    const next = await takeAs(queue.one);
    expect(next.deliveries.map(({ entryId }) => entryId)).toEqual([refs[2]?.entryId]);
  });

  it('groups that were made again', async () => {
    await submitFor('aabb');
    await takeKeys();
    for (const stream of Object.values(queue.keys.stream))
      await redis.client.xgroup('DESTROY', stream, GROUP);
    let found = '';
    for (let i = 0; i < 10 && found.length < 4; i += 1) {
      const next = await takeAs(queue.one);
      found += keysOf(next.deliveries);
      await complete(queue.one, next.deliveries);
      if (next.deliveries.length === 0) await sweep();
    }
    expect(sorted(found)).toBe('aabb');
  });
});
