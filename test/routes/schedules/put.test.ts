import { afterEach, describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { stored } from '../../helpers/redis/dump.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { NIGHTLY, scheduleApi } from '../../helpers/schedules/api.ts';
import { HOUR, useSchedules } from '../../helpers/schedules/scheduler.ts';

const redis = useRedis();
const api = useApi(redis);
const { put, get } = scheduleApi(api);
const schedules = useSchedules(redis);
const at = (ms: number) => new Date(ms).toISOString();

afterEach(() => redis.client.flushall());

describe('PUT /schedules/{id}', () => {
  it('creates a schedule and fills in the defaults', async () => {
    const made = await put('nightly', NIGHTLY);
    const { createdAt, updatedAt, nextAt, ...rest } = made;
    expect(rest).toEqual({
      id: 'nightly',
      ...NIGHTLY,
      job: { ...NIGHTLY.job, queue: 'default' },
      misfire: 'one',
      overlap: 'allow',
      paused: false,
      finished: false,
      runs: 0,
      missed: 0,
      skipped: 0,
    });
    expect(updatedAt).toBe(createdAt);
    expect(Date.parse(nextAt ?? '')).toBeGreaterThan(Date.parse(createdAt));
    expect(await get('nightly')).toEqual(made);
  });

  it('keeps every field, with durations in milliseconds', async () => {
    const startAt = at(Date.now() + HOUR);
    const endAt = at(Date.now() + 9 * HOUR);
    const settings = {
      every: '90s',
      misfire: 'all',
      overlap: 'skip',
      startAt,
      endAt,
      maxRuns: 7,
      window: '1m',
    };
    const made = await put('all', { ...settings, job: { task: 'echo', queue: 'other', attempts: 2 } });
    expect(made).toMatchObject({ ...settings, every: 90_000, window: 60_000 });
    expect(Date.parse(made.nextAt ?? '') - Date.parse(startAt)).toBeLessThan(60_000);
  });

  it('changes nothing for the same schedule', async () => {
    const made = await put('same', NIGHTLY);
    // Whether a process has healed schedules within the last minute is no matter of a request.
    const storedSchedules = async () =>
      [...(await stored(redis))].filter(([key]) => !key.endsWith(':schedule-heal'));
    const before = await storedSchedules();
    expect(await put('same', NIGHTLY, 200)).toEqual(made);
    expect(await put('same', { ...NIGHTLY, misfire: 'one', overlap: 'allow' }, 200)).toEqual(made);
    expect(await storedSchedules()).toEqual(before);
  });

  it('continues the counts if the timing stays, and restarts them if not', async () => {
    await put('counts', { every: '1h', job: { task: 'echo' } });
    await schedules.moveBack('default', 'counts', 2 * HOUR);
    await until(async () => (await get('counts')).runs > 0, 'a run');
    const { createdAt, nextAt, lastJob } = await get('counts');
    const same = await put('counts', { every: '1h', job: { task: 'echo', payload: 2 } }, 200);
    expect(same).toMatchObject({ runs: 2, createdAt, nextAt, lastJob });
    expect(same.updatedAt).not.toBe(createdAt);
    expect(await put('counts', { every: '2h', job: { task: 'echo' } }, 200)).toMatchObject({
      runs: 0,
      lastJob,
    });
  });

  it('moves the schedule to another queue, so that only one remains', async () => {
    await put('mover', { every: '1h', job: { task: 'echo', queue: 'a' } });
    await put('mover', { every: '1h', job: { task: 'echo', queue: 'b' } }, 200);
    expect(await redis.client.hkeys(queueKeys('mr', 'b').schedules)).toEqual(['mover']);
    for (const key of ['schedules', 'scheduleStates', 'slots'] as const) {
      expect(await redis.client.exists(queueKeys('mr', 'a')[key])).toBe(0);
    }
    expect((await get('mover')).job.queue).toBe('b');
  });

  it('leaves a paused schedule paused', async () => {
    await put('paused', NIGHTLY);
    await api.http.post('/schedules/paused/pause').expect(200);
    expect(await put('paused', { ...NIGHTLY, cron: '0 3 * * *' }, 200)).toMatchObject({ paused: true });
    expect(await get('paused')).not.toHaveProperty('nextAt');
  });

  it('restarts a finished schedule', async () => {
    await put('more', { every: '1h', maxRuns: 1, job: { task: 'echo' } });
    await schedules.moveBack('default', 'more', HOUR);
    await until(async () => (await get('more')).finished, 'the end');
    expect(await get('more')).not.toHaveProperty('nextAt');
    const more = await put('more', { every: '1h', maxRuns: 2, job: { task: 'echo' } }, 200);
    expect(more).toMatchObject({ finished: false, runs: 1 });
    expect(more).toHaveProperty('nextAt');
  });
});
