import { describe, expect, it } from 'vitest';
import { checkJob, firstSlot, parseScheduleRequest } from '../../src/schedules/check.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const NOW = Date.parse('2026-01-31T12:00:00Z');
const job = { task: 'echo' };

describe('parseScheduleRequest', () => {
  it('fills in the defaults', () => {
    expect(parseScheduleRequest({ cron: '30 2 * * *', job }, NOW)).toEqual({
      cron: '30 2 * * *',
      timeZone: 'UTC',
      misfire: 'one',
      overlap: 'allow',
      job: { task: 'echo', queue: 'default' },
    });
  });

  it('turns durations into ms and times into Unix ms, and drops a window of zero', () => {
    const startAt = '2026-02-01T00:00:00Z';
    const request = { every: '90s', window: '1m', startAt, endAt: '2030-01-01T00:00:00Z', job };
    expect(parseScheduleRequest(request, NOW)).toMatchObject({
      every: 90_000,
      window: 60_000,
      startAt: Date.parse(startAt),
      endAt: Date.parse('2030-01-01T00:00:00Z'),
    });
    expect(parseScheduleRequest({ every: '90s', window: 0, job }, NOW)).not.toHaveProperty('window');
  });

  it('measures a hundred years for startAt from the given time', () => {
    const startAt = '2099-12-31T00:00:00Z';
    expect(parseScheduleRequest({ every: '1h', startAt, job }, NOW)).toHaveProperty('startAt');
    expect(() => parseScheduleRequest({ every: '1h', startAt, job }, 0)).toThrow(
      expect.objectContaining({
        errors: [{ pointer: '/startAt', detail: 'must be a time from 1970 to 100 years from now' }],
      }),
    );
  });

  it('reports all faults at once', () => {
    const request = { cron: '0 0 30 2 *', timeZone: 'Mars/Phobos', every: '1h', window: '2d', job };
    expect(() => parseScheduleRequest(request, NOW)).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        errors: [
          { pointer: '/every', detail: 'is not allowed together with cron; give one of them' },
          { pointer: '/timeZone', detail: expect.stringContaining('IANA name') },
          { pointer: '/cron', detail: expect.stringContaining('never happens') },
          { pointer: '/window', detail: 'must be at most 86400000 ms' },
        ],
      }),
    );
  });
});

describe('checkJob', () => {
  it('accepts a job that a submit would accept', async () => {
    await expect(checkJob(createTestCore(redis.client), job)).resolves.toBeUndefined();
  });

  it('points into the job of the schedule', async () => {
    const core = createTestCore(redis.client);
    await expect(checkJob(core, { ...job, timeout: '0s' })).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/job/timeout' }],
    });
  });
});

describe('firstSlot', () => {
  const definition = { ...parseScheduleRequest({ every: '1h', job }, NOW), createdAt: NOW };

  it('is strictly after the given time', () => {
    expect(firstSlot(definition, NOW)).toBe(NOW + 3_600_000);
  });

  it('rejects a schedule that ends before its first slot', () => {
    expect(() => firstSlot({ ...definition, endAt: NOW + 1 }, NOW)).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        errors: [expect.objectContaining({ pointer: '/endAt' })],
      }),
    );
  });
});
