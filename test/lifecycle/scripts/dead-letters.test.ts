import { describe, expect, it } from 'vitest';
import { expiredDeadLetters, purgeDead } from '../../../src/lifecycle/scripts/dead-letters.ts';
import { formatRef, type Ref } from '../../../src/redis/job-id.ts';
import { redisTime } from '../../../src/redis/server-time.ts';
import { untilAfter, useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

describe('dead letters', () => {
  it('are bounded by count over all lanes: the oldest are deleted first', async () => {
    const refs: Ref[] = [];
    for (const place of ['low', 'normal', 'low', 'high', 'normal'] as const) {
      const ref = await queue.submit({}, place);
      await queue.takeAs(queue.one);
      await queue.bury(ref);
      refs.push(ref);
      // The next one must be younger.
      await untilAfter(redis, await redisTime(redis.client));
    }
    const places = await Promise.all(refs.map(queue.placeOf));
    expect(places).toEqual(['gone', 'gone', 'failed', 'failed', 'failed']);
    expect(await redis.client.hget(queue.keys.totals, 'purged')).toBe('2');
  });

  it('are bounded by age', async () => {
    const { keys } = queue;
    const [old, young] = [await queue.submit(), await queue.submit()];
    await queue.takeAs(queue.one);
    await queue.bury(old);
    await queue.bury(young);
    await redis.client.zadd(keys.dead.normal, 1_000, formatRef(old));
    const letters = await expiredDeadLetters(redis.client, keys, 60_000);
    expect(letters).toEqual([old]);
    expect(await purgeDead(redis.client, keys, letters)).toBe(1);
    expect([await queue.placeOf(old), await queue.placeOf(young)]).toEqual(['gone', 'failed']);
  });
});
