import { describe, expect, it } from 'vitest';
import { configure } from '../../src/queues/scripts/configure.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { HOUR, MINUTE, useOneSchedule } from '../helpers/schedules/scheduler.ts';

const redis = useRedis();
const one = useOneSchedule(redis);
const { schedules, put, moveBack, slots, shown, fireAll } = one;

describe('Scheduler: a schedule', () => {
  it('is finished after maxRuns, and can still be read', async () => {
    await put({ every: '1m', maxRuns: 3, misfire: 'all' });
    await moveBack(10 * MINUTE);
    await fireAll();
    expect(await slots()).toHaveLength(3);
    expect(await shown()).toMatchObject({ runs: 3, finished: true });
    expect(await shown()).not.toHaveProperty('nextAt');
    expect(await redis.client.zcard(one.keys.slots)).toBe(0);
  });

  it('has slots from startAt to endAt, both included', async () => {
    const startAt = Date.now() + HOUR;
    const iso = (ms: number) => new Date(ms).toISOString();
    await put({ every: '1m', misfire: 'all', startAt: iso(startAt), endAt: iso(startAt + 2 * MINUTE) });
    expect(await shown()).toMatchObject({ nextAt: iso(startAt), finished: false });
    await moveBack(HOUR + 5 * MINUTE);
    await fireAll();
    const began = startAt - HOUR - 5 * MINUTE;
    expect(await slots()).toEqual([iso(began), iso(began + MINUTE), iso(began + 2 * MINUTE)]);
    expect(await shown()).toMatchObject({ runs: 3, finished: true });
    expect(await redis.client.zcard(one.keys.slots)).toBe(0);
  });

  it('fires nothing while it is paused, and nothing for the pause after it', async () => {
    await put({ every: '1h', misfire: 'all' });
    await schedules.scheduler.pause(one.queue);
    expect(await shown()).toMatchObject({ paused: true });
    expect(await redis.client.zcard(one.keys.slots)).toBe(0);
    await fireAll();
    expect(await slots()).toEqual([]);
    const resumed = await schedules.scheduler.resume(one.queue);
    expect(resumed).toMatchObject({ paused: false, missed: 0, runs: 0 });
    expect(Date.parse(resumed.nextAt ?? '')).toBeGreaterThan(Date.now());
  });

  it('counts the slots that a full queue refuses', async () => {
    await put({ every: '1m', misfire: 'all' });
    await configure(redis.client, one.keys, { maxJobs: 2 });
    await moveBack(5 * MINUTE);
    await fireAll();
    expect(await slots()).toHaveLength(2);
    const { runs, skipped, lastSkip } = await shown();
    expect({ runs, skipped, reason: lastSkip?.reason }).toEqual({
      runs: 2,
      skipped: 3,
      reason: 'queue-full',
    });
  });
});
