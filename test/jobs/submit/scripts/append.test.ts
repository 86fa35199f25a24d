import { beforeEach, describe, expect, it } from 'vitest';
import { appendJobs } from '../../../../src/jobs/submit/scripts/append.ts';
import { isUnavailable } from '../../../../src/redis/faults.ts';
import type { QueueKeys } from '../../../../src/redis/keys.ts';
import { newQueueKeys } from '../../../helpers/redis/places.ts';
import { useRedis } from '../../../helpers/redis/server.ts';

const redis = useRedis();
let keys: QueueKeys;
beforeEach(() => {
  keys = newQueueKeys();
});

const job = (payload: number, more: Partial<Parameters<typeof appendJobs>[2][number]> = {}) => ({
  place: 'normal' as const,
  task: 'echo',
  payload: String(payload),
  options: {},
  ...more,
});

describe('jobs appended in one call', () => {
  it('get ids in their order, each in its lane with its task, payload and options', async () => {
    const jobs = [
      job(1),
      job(2),
      job(3, { place: 'high' }),
      job(4, { options: { a: 2 } }),
      job(5, { task: 'x' }),
    ];
    const ids = await appendJobs(redis.client, keys, jobs);
    const stored = await Promise.all(
      jobs.map(({ place }, i) => redis.client.xrange(keys.stream[place], String(ids[i]), String(ids[i]))),
    );
    expect(stored.map(([entry]) => entry?.[1])).toEqual([
      ['t', 'echo', 'p', '1', 'o', ''],
      ['t', 'echo', 'p', '2', 'o', ''],
      ['t', 'echo', 'p', '3', 'o', ''],
      ['t', 'echo', 'p', '4', 'o', '{"a":2}'],
      ['t', 'x', 'p', '5', 'o', ''],
    ]);
  });

  it('cost one call and one XADD each', async () => {
    await appendJobs(redis.client, keys, [job(1), job(2)]);
    await redis.client.config('RESETSTAT');
    await appendJobs(
      redis.client,
      keys,
      Array.from({ length: 50 }, (_, i) => job(i)),
    );
    const stats = await redis.client.info('commandstats');
    expect(stats).toMatch(/cmdstat_evalsha:calls=1,/);
    expect(stats).toMatch(/cmdstat_xadd:calls=50,/);
  });

  it('fail one by one when a lane is not a stream', async () => {
    await redis.client.set(keys.stream.high, 'no stream');
    const written = await appendJobs(redis.client, keys, [job(1), job(2, { place: 'high' }), job(3)]);
    expect(written.map((one) => typeof one)).toEqual(['string', 'object', 'string']);
    expect(written[1]).toMatchObject({ message: expect.stringContaining('WRONGTYPE') });
    expect(await redis.client.xlen(keys.stream.normal)).toBe(2);
  });

  it('are refused together when Redis has no memory, and nothing is stored', async () => {
    await redis.client.config('SET', 'maxmemory', '1');
    const refused = await appendJobs(redis.client, keys, [job(1), job(2)]).catch((error: unknown) => error);
    await redis.client.config('SET', 'maxmemory', '0');
    expect(isUnavailable(refused)).toBe(true);
    expect(await redis.client.exists(keys.stream.normal)).toBe(0);
  });
});
