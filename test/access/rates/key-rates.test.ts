import { beforeEach, describe, expect, it } from 'vitest';
import { KeyRates, type RateState } from '../../../src/access/rates/key-rates.ts';
import { takeTokens } from '../../../src/access/rates/scripts/take-tokens.ts';
import { systemClock } from '../../../src/clock.ts';
import { KeySpace } from '../../../src/redis/keyspace.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const bucketOf = (id: string) => new KeySpace('mr').rate(id);
const newRates = () => new KeyRates(redis.client, bucketOf, systemClock);
const HOUR = { limit: 10, perMs: 3_600_000 };

let rates: KeyRates;
beforeEach(async () => {
  await redis.client.flushall();
  rates = newRates();
});

/** Sends so many requests at once. */
const burst = (of: KeyRates, count: number, rate = HOUR): Promise<RateState[]> =>
  Promise.all(Array.from({ length: count }, () => of.take('k', rate)));
const allowed = (states: readonly RateState[]) => states.filter(({ isAllowed }) => isAllowed).length;

describe('the rate of a key', () => {
  it('lets exactly so many requests in, whatever the number of processes', async () => {
    const processes = [newRates(), newRates(), newRates()];
    const states = await Promise.all(processes.map((one) => burst(one, 20)));
    expect(allowed(states.flat())).toBe(10);
  });

  it('says what is left after each request', async () => {
    const states = await burst(rates, 12);
    const left = states.map((state) => state.left).sort((a, b) => b - a);
    expect(left).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0]);
    expect(states.at(-1)?.nextInMs).toBeGreaterThan(350_000);
    expect(states.at(-1)?.nextInMs).toBeLessThanOrEqual(360_000);
    expect(states.at(-1)?.fullInMs).toBeGreaterThan(3_590_000);
  });

  it('lets one more in each time a token has come', async () => {
    const rate = { limit: 5, perMs: 1_000 };
    await burst(rates, 5, rate);
    const { isAllowed, nextInMs } = await rates.take('k', rate);
    expect(isAllowed).toBe(false);
    expect(nextInMs).toBeLessThanOrEqual(200);
    const from = performance.now();
    await until(async () => (await rates.take('k', rate)).isAllowed, 'a token');
    expect(performance.now() - from).toBeGreaterThan(nextInMs - 60);
  });

  it('counts each key by itself', async () => {
    await burst(rates, 10);
    expect((await rates.take('other', HOUR)).isAllowed).toBe(true);
  });

  it('costs one command for requests that come together, and none while it is known to be reached', async () => {
    const calls = async () => {
      const stats = await redis.client.info('commandstats');
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    await rates.take('warm', HOUR);
    const before = await calls();
    await burst(rates, 100, { limit: 1_000, perMs: 3_600_000 });
    expect((await calls()) - before).toBeLessThanOrEqual(2);
    await burst(rates, 1_000, { limit: 1_000, perMs: 3_600_000 });
    const reached = await calls();
    await burst(rates, 50, { limit: 1_000, perMs: 3_600_000 });
    expect(await calls()).toBe(reached);
  });

  it('leaves no key behind once the bucket is full', async () => {
    await rates.take('k', { limit: 10, perMs: 500 });
    expect(await redis.client.pttl(bucketOf('k'))).toBeLessThanOrEqual(50);
    await until(async () => (await redis.client.exists(bucketOf('k'))) === 0, 'the end of the key');
  });

  it('is empty at worst after the clock of Redis went back', async () => {
    await redis.client.set(bucketOf('k'), String((Date.now() + 86_400_000) * 1_000));
    const { left, nextInMs, fullInMs } = await takeTokens(redis.client, bucketOf('k'), HOUR, 1);
    expect({ left, fullInMs }).toEqual({ left: 0, fullInMs: HOUR.perMs });
    expect(nextInMs).toBe(360_000);
  });

  it.each([1, 3, 7, 9, 11, 1_000, 999_983])('gives a full bucket of %i whole', async (limit) => {
    const { taken, left } = await takeTokens(
      redis.client,
      bucketOf('full'),
      { limit, perMs: 3_600_000 },
      limit,
    );
    expect({ taken, left }).toEqual({ taken: limit, left: 0 });
  });
});
