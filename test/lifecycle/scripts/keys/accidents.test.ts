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

  it('a job that an earlier release has started, with its key in a note', async () => {
    await submitFor('aa');
    const { deliveries } = await takeAs(queue.one);
    const [job] = deliveries;
    await redis.client.del(queue.keys.runsFor);
    await redis.client.hset(queue.keys.notes, `n${job?.entryId}:y`, 'a');
    await complete(queue.one, deliveries);
    expect(await takeKeys()).toBe('a');
    expect(await redis.client.exists(queue.keys.notes)).toBe(0);
  });

  it.each(['is due', 'is due later'])(
    'a held job that another release has made due, and %s',
    async (when) => {
      const [, second] = await submitFor('aab');
      const { deliveries } = await takeAs(queue.one);
      const at = when === 'is due' ? 1 : Date.now() + 60_000;
      await redis.client.zadd(queue.keys.due.normal, at, `n${second?.entryId}`);
      await complete(queue.one, deliveries);
      const next = await takeAs(queue.one);
      expect(next.deliveries.map(({ entryId }) => entryId)).toEqual([second?.entryId]);
      expect(await redis.client.exists(queue.keys.due.normal, queue.keys.holds)).toBe(0);
    },
  );

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
