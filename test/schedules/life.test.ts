import { describe, expect, it } from 'vitest';
import { setMaxJobs } from '../../src/queues/scripts/max-jobs.ts';
import { LATE_MS } from '../../src/schedules/timetable/plan.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { HOUR, MINUTE, useOneSchedule } from '../helpers/schedules/scheduler.ts';

const redis = useRedis();
const one = useOneSchedule(redis);
const { schedules, put, moveBack, slots, shown, fireAll } = one;

describe('a schedule', () => {
  it('ends after maxRuns, and can be read', async () => {
    await put({ every: '1m', maxRuns: 3, misfire: 'all' });
    await moveBack(10 * MINUTE);
    await fireAll();
    expect(await slots()).toHaveLength(3);
    expect(await shown()).toMatchObject({ runs: 3, finished: true });
    expect(await shown()).not.toHaveProperty('nextAt');
    expect(await redis.client.zcard(one.keys.slots)).toBe(0);
  });

  it('begins with startAt and ends with endAt, both included', async () => {
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

  it('does not fire while it is paused, nor make up for that', async () => {
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

  it('counts the slots for which its queue has no room', async () => {
    await put({ every: '1m', misfire: 'all' });
    await setMaxJobs(redis.client, one.keys, 2);
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

  it('that is none is told of, and does not stop others', async () => {
    await put({ every: '1h' });
    await moveBack(HOUR);
    const { keys } = one;
    await redis.client.hset(keys.schedules, 'broken', '{"every":');
    await redis.client.hset(keys.scheduleStates, 'broken', '{}');
    await redis.client.zadd(keys.slots, 1, 'broken');
    await fireAll();
    expect(await slots()).toHaveLength(1);
    expect(schedules.complaints).toContainEqual(expect.objectContaining({ where: 'schedule broken' }));
    const again = Number(await redis.client.zscore(keys.slots, 'broken')) - Date.now();
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThan(LATE_MS / 10);
  });
});
