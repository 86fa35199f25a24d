import { beforeEach, describe, expect, it } from 'vitest';
import { keysOf, sorted, useKeyedQueue } from '../../../helpers/lifecycle/keyed-queue.ts';
import { useRedis } from '../../../helpers/redis/server.ts';

const redis = useRedis();
const { complete, queue, setLimits, submitFor, takeAs, takeKeys } = useKeyedQueue(redis);

describe('keys take turns in a fair queue', () => {
  beforeEach(() => setLimits({ fair: 1 }));

  it('one start each, whatever waits', async () => {
    await submitFor('aaaaaa');
    await submitFor('bbb');
    await submitFor('c');
    const order: string[] = [];
    for (let i = 0; i < 10; i += 1) order.push(await takeKeys(1));
    expect(order.slice(0, 3).sort().join('')).toBe('abc');
    expect(order.slice(3, 5).sort().join('')).toBe('ab');
    expect(order.slice(5, 7).sort().join('')).toBe('ab');
    expect(order.slice(7).join('')).toBe('aaa');
  });

  it('in one take as in many', async () => {
    await submitFor('aaaaabb');
    expect(sorted(await takeKeys(4))).toBe('aabb');
    expect(await takeKeys()).toBe('aaa');
  });

  it('and jobs without a key are as one more', async () => {
    await submitFor('______aa');
    expect(sorted(await takeKeys(4))).toBe('__aa');
  });

  it('priorities go first', async () => {
    await submitFor('abc', 'low');
    await submitFor('aaa');
    expect((await takeKeys(3)).replaceAll('a', '')).toBe('');
    expect(sorted(await takeKeys(3))).toBe('abc');
  });

  it('a key that comes late has its turn before thousands of starts of one with a backlog', async () => {
    await submitFor('a'.repeat(4_000));
    await submitFor('b');
    let starts = 0;
    for (let found = ''; !found.includes('b'); starts += found.length) {
      const next = await takeAs(queue.one);
      found = keysOf(next.deliveries);
      await complete(queue.one, next.deliveries);
    }
    expect(starts).toBeLessThan(90);
  });
});
