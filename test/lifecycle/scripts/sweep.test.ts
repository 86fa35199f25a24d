import { describe, expect, it } from 'vitest';
import { recover } from '../../../src/lifecycle/scripts/recover.ts';
import type { Ref } from '../../../src/redis/job-id.ts';
import { GROUP } from '../../../src/redis/keys.ts';
import { entryIdsOf, useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { sweepAll } from '../../helpers/lifecycle/sweep-all.ts';
import { putQueued } from '../../helpers/redis/places.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

describe('the sweep', () => {
  it('makes entries that are in no place due, in lanes and parked, and no others', async () => {
    const { keys, one, two } = queue;
    const refs: Ref[] = [];
    for (let i = 0; i < 450; i += 1) refs.push(await queue.submit());
    const parked = await queue.submit({ at: 1 }, 'parked');
    const later = await queue.submit({ d: 3_600_000 }, 'parked');
    const waiting = await queue.submit({}, 'low');
    await queue.takeAs(one, 451);
    const [running, due, dead, ...others] = refs as [Ref, Ref, Ref, ...Ref[]];
    await queue.retry(due, 3_600_000);
    await queue.bury(dead);
    expect(await sweepAll(redis.client, queue.keys)).toBe(0);
    const lost = [others[0], others[220], others[440], parked] as Ref[];
    for (const ref of lost) await redis.client.xack(keys.stream[ref.place], GROUP, ref.entryId);
    expect(await sweepAll(redis.client, queue.keys)).toBe(4);
    for (const ref of lost) expect(await queue.placeOf(ref)).toBe('queued');
    expect(await queue.placeOf(running)).toBe('running');
    expect([await queue.placeOf(due), await queue.placeOf(dead)]).toEqual(['retrying', 'failed']);
    expect([await queue.placeOf(later), await queue.placeOf(waiting)]).toEqual(['scheduled', 'queued']);
    const taken = entryIdsOf(await queue.takeAs(two, 4));
    expect(new Set(taken)).toEqual(new Set(lost.map(({ entryId }) => entryId)));
  });

  it('leaves the jobs of a consumer without a lease to recovery', async () => {
    const { keys, one } = queue;
    const ref = await queue.submit();
    await queue.takeAs(one);
    await redis.client.zrem(keys.leases, 'one');
    expect(await recover(redis.client, keys)).toMatchObject({ recovered: 0 });
    await sweepAll(redis.client, queue.keys);
    expect(await recover(redis.client, keys)).toMatchObject({ recovered: 1 });
    expect(await queue.placeOf(ref)).toBe('queued');
    expect(await redis.client.zrange(keys.leases, 0, '-1')).toEqual(['two']);
  });

  it('reads few large entries in one step, in streams as among held jobs', async () => {
    const { keys, one } = queue;
    const large = Array.from({ length: 12 }).fill('x'.repeat(300_000));
    const refs = await putQueued(redis.client, keys, [...large, ...large]);
    await queue.takeAs(one, 7);
    await queue.takeAs(one, 5);
    const jobs = refs.slice(0, 12).map((ref) => ({
      ref,
      token: 1,
      priority: 'normal' as const,
      readyAt: 1,
      reason: 'task:nobody',
      refusers: [],
      expiresAt: undefined,
    }));
    await one.hold(keys, jobs);
    await redis.client.config('RESETSTAT');
    expect(await sweepAll(redis.client, queue.keys)).toBe(0);
    const stats = await redis.client.info('commandstats');
    // Four of them have more than 1 MiB; every other place takes one step.
    expect(Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1])).toBeGreaterThanOrEqual(3 + 3 + 4);
  });
});
