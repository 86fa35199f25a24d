import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { QueueCache } from '../../src/redis/queue-cache.ts';

const keys = queueKeys('mr', 'default');

/** A cache that counts its reads, on a clock that the test sets. */
function countingCache() {
  const state = { now: 0, reads: 0 };
  const clock: Clock = { wall: () => state.now, monotonic: () => state.now };
  const cache = new QueueCache<number>(clock, async () => {
    state.reads += 1;
    return state.reads;
  });
  return { state, cache };
}

describe('a queue cache', () => {
  it('serves a value for two seconds, then reads it again', async () => {
    const { state, cache } = countingCache();
    expect(await cache.get(keys)).toBe(1);
    state.now = 2_000;
    expect(cache.get(keys)).toBe(1);
    state.now = 2_001;
    expect(await cache.get(keys)).toBe(2);
  });

  it('shares one read among concurrent callers', async () => {
    const { state, cache } = countingCache();
    expect(await Promise.all([cache.get(keys), cache.refresh(keys), cache.get(keys)])).toEqual([1, 1, 1]);
    expect(state.reads).toBe(1);
  });

  it('gives the last value, however old, without reading', async () => {
    const { state, cache } = countingCache();
    expect(cache.peek('default')).toBeUndefined();
    await cache.refresh(keys);
    state.now = 60_000;
    expect(cache.peek('default')).toBe(1);
    expect(state.reads).toBe(1);
  });

  it('passes the previous value to the read, and reads again after a failure', async () => {
    const previous: (number | undefined)[] = [];
    const cache = new QueueCache<number>({ wall: () => 0, monotonic: () => 0 }, async (_, last) => {
      previous.push(last);
      if (previous.length === 2) throw new Error('Redis is away');
      return previous.length;
    });
    await cache.refresh(keys);
    await expect(cache.refresh(keys)).rejects.toThrow('Redis is away');
    expect(cache.peek('default')).toBe(1);
    expect(await cache.refresh(keys)).toBe(3);
    expect(previous).toEqual([undefined, 1, 1]);
  });

  it('holds a bounded number of queues', async () => {
    const { cache } = countingCache();
    for (let i = 0; i <= 1_000; i += 1) await cache.refresh(queueKeys('mr', `q${i}`));
    expect([cache.peek('q0'), cache.peek('q1000')]).toEqual([undefined, 1_001]);
  });
});
