import { describe, expect, it } from 'vitest';
import {
  decodeSchedule,
  fireTimeOf,
  isDraft,
  slotLabelOf,
  timetableOf,
} from '../../src/schedules/definition.ts';
import type { ScheduleDefinition, ScheduleState } from '../../src/schedules/stored.ts';

const definition: ScheduleDefinition = {
  every: 3_600_000,
  misfire: 'one',
  overlap: 'allow',
  job: { task: 'echo', queue: 'q' },
  createdAt: 1_000,
  updatedAt: 2_000,
};
const state: ScheduleState = { v: 'v1', next: 3_601_000, runs: 0, missed: 0, skipped: 0 };
const stored = { id: 's', definition: JSON.stringify(definition), state: JSON.stringify(state) };

describe('decodeSchedule', () => {
  it('keeps the stored text of the state', () => {
    const text = `${stored.state} `;
    expect(decodeSchedule({ ...stored, state: text })).toEqual({
      id: 's',
      definition,
      state,
      stateText: text,
    });
  });

  it.each([
    ['broken JSON', '{"every":'],
    ['no text', ''],
    ['another value', '[]'],
    ['a later form', '{"later":true}'],
  ])('is undefined for %s in either half', (_, text) => {
    expect(decodeSchedule({ ...stored, definition: text })).toBeUndefined();
    expect(decodeSchedule({ ...stored, state: text })).toBeUndefined();
  });
});

describe('isDraft', () => {
  it('is true only for a state with the queue that the schedule leaves', () => {
    expect(isDraft(JSON.stringify({ ...state, from: 'old' }))).toBe(true);
    expect(isDraft(stored.state)).toBe(false);
    expect(isDraft('{"from":"old"}')).toBe(false);
  });
});

describe('timetableOf', () => {
  it('counts an interval from startAt, or else from the creation', () => {
    expect(timetableOf(definition).recurrence).toEqual({ everyMs: 3_600_000, anchor: 1_000 });
    expect(timetableOf({ ...definition, startAt: 5_000 }).recurrence).toMatchObject({ anchor: 5_000 });
  });

  it('reads a cron in UTC unless the definition has a time zone', () => {
    const { every: _, ...rest } = definition;
    const cron = '0 0 * * *';
    expect(timetableOf({ ...rest, cron }).recurrence).toEqual({ cron, timeZone: 'UTC' });
    const timeZone = 'Europe/Berlin';
    expect(timetableOf({ ...rest, cron, timeZone }).recurrence).toEqual({ cron, timeZone });
  });
});

describe('fireTimeOf', () => {
  it('is the slot itself without a window, later with one, and undefined without a slot', () => {
    expect(fireTimeOf('s', definition, 3_601_000)).toBe(3_601_000);
    expect(fireTimeOf('s', { ...definition, window: 1_800_000 }, 3_601_000)).toBeGreaterThan(3_601_000);
    expect(fireTimeOf('s', definition, undefined)).toBeUndefined();
  });
});

describe('slotLabelOf', () => {
  it('names schedule and slot', () => {
    expect(slotLabelOf('nightly', Date.UTC(2026, 0, 31, 1, 30))).toBe('nightly/2026-01-31T01:30:00.000Z');
  });
});
