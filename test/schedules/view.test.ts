import { describe, expect, it } from 'vitest';
import type { ScheduleDefinition, ScheduleState } from '../../src/schedules/stored.ts';
import { viewSchedule } from '../../src/schedules/view.ts';
import { Schedule } from '../../src/schemas/schedule.ts';
import { expectShape } from '../helpers/api/expect-schema.ts';

const AT = Date.UTC(2026, 0, 31, 12);
const iso = (ms: number) => new Date(ms).toISOString();
const definition: ScheduleDefinition = {
  every: 3_600_000,
  misfire: 'one',
  overlap: 'skip',
  job: { task: 'echo', queue: 'q' },
  createdAt: AT,
  updatedAt: AT + 1,
};
const state: ScheduleState = { v: 'v1', runs: 0, missed: 0, skipped: 0 };

describe('viewSchedule', () => {
  it('shows times in RFC 3339 and durations in ms', () => {
    const full = {
      id: 's',
      definition: { ...definition, startAt: AT, endAt: AT + 9e9 },
      state: {
        ...state,
        next: AT + 3_600_000,
        last: AT,
        ref: 'n1-0',
        skip: { slot: AT + 5, reason: 'overlap' as const },
      },
    };
    const view = viewSchedule(full);
    expectShape(Schedule, view);
    expect(view).toEqual({
      id: 's',
      every: 3_600_000,
      misfire: 'one',
      overlap: 'skip',
      job: { task: 'echo', queue: 'q' },
      startAt: iso(AT),
      endAt: iso(AT + 9e9),
      paused: false,
      finished: false,
      createdAt: iso(AT),
      updatedAt: iso(AT + 1),
      nextAt: iso(AT + 3_600_000),
      lastSlot: iso(AT),
      lastJob: 'q~n1-0',
      runs: 0,
      missed: 0,
      skipped: 0,
      lastSkip: { slot: iso(AT + 5), reason: 'overlap' },
    });
  });

  it('omits what there is not, and hides the version of the definition', () => {
    const view = viewSchedule({ id: 's', definition, state: { ...state, paused: true } });
    expectShape(Schedule, view);
    expect(view.paused).toBe(true);
    for (const key of ['nextAt', 'lastSlot', 'lastJob', 'lastSkip', 'startAt', 'endAt', 'v']) {
      expect(view).not.toHaveProperty(key);
    }
  });

  it('shows when the next slot fires within its window, not the slot', () => {
    const spread = { ...definition, window: 1_800_000 };
    const { nextAt = '' } = viewSchedule({ id: 's', definition: spread, state: { ...state, next: AT } });
    expect(Date.parse(nextAt)).toBeGreaterThan(AT);
    expect(Date.parse(nextAt)).toBeLessThan(AT + 1_800_000);
  });
});
