import { describe, expect, it } from 'vitest';
import {
  countSlots,
  cronFault,
  hasAnySlot,
  isTimeZone,
  nextSlot,
  slotsAfter,
  slotsBefore,
  type Timetable,
} from '../../../src/schedules/timetable/fire-times.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 0, 31, 12);
const every: Timetable = { recurrence: { everyMs: HOUR, anchor: NOON } };
const cron: Timetable = { recurrence: { cron: '0 * * * *', timeZone: 'UTC' } };
const hours = (...numbers: number[]) => numbers.map((number) => NOON + number * HOUR);

describe.each([
  ['every', every],
  ['cron', cron],
])('a timetable with %s', (_, timetable) => {
  it('finds the first slot strictly after a time', () => {
    expect(nextSlot(timetable, NOON - 1)).toBe(NOON);
    expect(nextSlot(timetable, NOON)).toBe(NOON + HOUR);
  });

  it('has no slot before startAt or after endAt', () => {
    const bounded = { ...timetable, startAt: NOON + HOUR, endAt: NOON + 2 * HOUR };
    expect(slotsAfter(bounded, NOON - 9 * HOUR, 10)).toEqual(hours(1, 2));
    expect(nextSlot(bounded, NOON + 2 * HOUR)).toBeUndefined();
  });

  it('lists as many slots as requested', () => {
    expect(slotsAfter(timetable, NOON, 3)).toEqual(hours(1, 2, 3));
  });

  it('lists the last slots before a time, none before the first', () => {
    const range = { from: NOON, before: NOON + 5 * HOUR };
    expect(slotsBefore(timetable, range, 2)).toEqual(hours(3, 4));
    expect(slotsBefore(timetable, range, 9)).toEqual(hours(0, 1, 2, 3, 4));
    expect(slotsBefore({ ...timetable, endAt: NOON + HOUR }, range, 9)).toEqual(hours(0, 1));
  });

  it('counts slots, both ends included', () => {
    expect(countSlots(timetable, { from: NOON, to: NOON + 5 * HOUR }, 100)).toBe(6);
  });
});

describe('countSlots', () => {
  it('stops at the limit for a cron only', () => {
    const range = { from: NOON, to: NOON + 99 * HOUR };
    expect(countSlots(cron, range, 10)).toBe(10);
    expect(countSlots(every, range, 10)).toBe(100);
  });
});

describe('nextSlot', () => {
  it('never comes before the anchor of an interval', () => {
    expect(nextSlot(every, 0)).toBe(NOON);
  });
});

describe('cronFault', () => {
  it('is undefined for a pattern, and says what is wrong with other text', () => {
    expect(cronFault('30 2 * * MON-FRI')).toBeUndefined();
    expect(cronFault('60 * * * *')).toMatch(/minute/);
    expect(cronFault('* * * *')).toMatch(/4 fields/);
  });
});

describe('hasAnySlot', () => {
  it('is false for a day that no month has', () => {
    expect(hasAnySlot('0 0 30 2 *')).toBe(false);
    expect(hasAnySlot('0 0 29 2 *')).toBe(true);
  });
});

describe('isTimeZone', () => {
  it.each(['Europe/Berlin', 'UTC', 'europe/berlin'])('accepts %s', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });

  it.each(['Mars/Phobos', '+01:00', ''])('rejects "%s"', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });
});
