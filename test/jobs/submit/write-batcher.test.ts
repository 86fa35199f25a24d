import { beforeEach, describe, expect, it } from 'vitest';
import { WriteBatcher } from '../../../src/jobs/submit/write-batcher.ts';
import type { Place, QueueKeys } from '../../../src/redis/keys.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
let keys: QueueKeys;
let queues = 0;

beforeEach(async () => {
  queues += 1;
  keys = queueKeys('mr', `q${queues}`);
});

const entry = (payload: string, place: Place = 'normal') => ({
  keys,
  place,
  task: 'echo',
  payload,
  options: {},
});
const append = (batcher: WriteBatcher, payload: string, place?: Place) =>
  new Promise<string>((resolve, reject) => batcher.append(entry(payload, place), resolve, reject));

async function callsOf(work: () => Promise<unknown>): Promise<number> {
  await redis.client.config('RESETSTAT');
  await work();
  const stats = await redis.client.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

describe('a write batcher', () => {
  it('writes all jobs of one turn of the event loop in one call, in their order', async () => {
    const batcher = new WriteBatcher(redis.client);
    await Promise.all([append(batcher, '0'), append(batcher, '0')]);
    let ids: string[] = [];
    const calls = await callsOf(async () => {
      ids = await Promise.all(['1', '2', '3'].map((payload) => append(batcher, payload)));
    });
    expect(calls).toBe(1);
    const stored = await redis.client.xrange(keys.stream.normal, '-', '+');
    expect(stored.slice(2).map(([id]) => id)).toEqual(ids);
    expect(stored.slice(2).map(([, fields]) => fields[3])).toEqual(['1', '2', '3']);
  });

  it('rejects only the job whose lane fails', async () => {
    const batcher = new WriteBatcher(redis.client);
    await redis.client.set(keys.stream.high, 'not a stream');
    const settled = await Promise.allSettled([append(batcher, '1'), append(batcher, '2', 'high')]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it.each([
    ['jobs', Array.from({ length: 1_001 }, () => entry('1')), 2],
    ['characters', Array.from({ length: 600 }, () => entry(`"${'x'.repeat(4_000)}"`)), 3],
  ])('splits a long list by its %s', async (_, entries, calls) => {
    const batcher = new WriteBatcher(redis.client);
    const own = entries.map((one) => ({ ...one, keys }));
    let ids: (string | Error)[] = [];
    expect(
      await callsOf(async () => {
        ids = await batcher.appendAll(keys, own);
      }),
    ).toBe(calls);
    expect(ids.filter((id) => typeof id === 'string')).toHaveLength(entries.length);
  });

  it('gives the fault of a call for each of its jobs', async () => {
    const batcher = new WriteBatcher(redis.client);
    await redis.client.config('SET', 'maxmemory', '1');
    const outcomes = await batcher.appendAll(keys, [entry('1'), entry('2')]);
    await redis.client.config('SET', 'maxmemory', '0');
    expect(outcomes.map(String)).toEqual([expect.stringContaining('OOM'), expect.stringContaining('OOM')]);
  });
});
