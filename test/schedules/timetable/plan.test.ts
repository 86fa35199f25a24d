import { describe, expect, it } from 'vitest';
import { nextSlot, type Timetable } from '../../../src/schedules/timetable/fire-times.ts';
import { fireAt, plan } from '../../../src/schedules/timetable/plan.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NOW = Date.parse('2026-06-01T12:00:00Z');
const rule = { id: 'x', misfire: 'all' as const, maxSlots: 1_000 };
const every = (everyMs: number): Timetable => ({ recurrence: { everyMs, anchor: 0 } });
const cron = (pattern: string): Timetable => ({ recurrence: { cron: pattern, timeZone: 'UTC' } });
const range = (from: number, to: number, step: number) =>
  Array.from({ length: (to - from) / step + 1 }, (_, i) => from + i * step);

describe('plan', () => {
  it.each([
    ['every', every(SECOND)],
    ['cron', cron('* * * * * *')],
  ])('(%s) fires the slots of the last minute with any misfire rule', (_, timetable) => {
    for (const misfire of ['skip', 'one', 'all'] as const) {
      expect(plan(timetable, { ...rule, misfire }, NOW - MINUTE, NOW)).toEqual({
        slots: range(NOW - MINUTE, NOW, SECOND),
        missed: 0,
        next: NOW + SECOND,
      });
    }
  });

  it.each([
    ['every', every(SECOND)],
    ['cron', cron('* * * * * *')],
  ])('(%s) applies the misfire rule to the older slots of ten minutes', (_, timetable) => {
    const late = range(NOW - MINUTE, NOW, SECOND);
    const last = NOW - MINUTE - SECOND;
    const expected = { skip: [], one: [last], all: range(last - 99 * SECOND, last, SECOND) };
    for (const misfire of ['skip', 'one', 'all'] as const) {
      const caughtUp = expected[misfire];
      expect(plan(timetable, { ...rule, misfire }, NOW - 10 * MINUTE, NOW)).toEqual({
        slots: [...caughtUp, ...late],
        missed: 540 - caughtUp.length,
        next: NOW + SECOND,
      });
    }
  });

  it('fires no slot older than a day', () => {
    const { slots, missed } = plan(every(HOUR), rule, NOW - 30 * HOUR, NOW);
    expect(slots).toEqual(range(NOW - 24 * HOUR, NOW, HOUR));
    expect(missed).toBe(6);
  });

  it('counts no more than 1,000 missed slots of a cron', () => {
    const { slots, missed, next } = plan(cron('* * * * * *'), { ...rule, misfire: 'one' }, 0, NOW);
    expect(slots).toHaveLength(62);
    expect(missed).toBe(999);
    expect(next).toBe(NOW + SECOND);
  });

  it('fires at most maxSlots, and leaves the rest for later', () => {
    const step = plan(every(SECOND), { ...rule, maxSlots: 10 }, NOW - MINUTE, NOW);
    expect(step).toEqual({
      slots: range(NOW - MINUTE, NOW - MINUTE + 9 * SECOND, SECOND),
      missed: 0,
      next: NOW - 50 * SECOND,
    });
    // In small steps no missed slot is lost or counted twice.
    const one = { ...rule, maxSlots: 1 };
    let missed = 0;
    let next: number | undefined = NOW - 200 * SECOND;
    const fired: number[] = [];
    while (next !== undefined && next <= NOW) {
      const part = plan(every(SECOND), one, next, NOW);
      fired.push(...part.slots);
      missed += part.missed;
      next = part.next;
    }
    expect({ missed, fired }).toEqual({ missed: 40, fired: range(NOW - 160 * SECOND, NOW, SECOND) });
  });

  it('leaves no slot after endAt', () => {
    const bounded = { ...every(HOUR), endAt: NOW - HOUR };
    expect(plan(bounded, rule, NOW - 2 * HOUR, NOW)).toEqual({
      slots: [NOW - 2 * HOUR, NOW - HOUR],
      missed: 0,
    });
    expect(plan(bounded, { ...rule, misfire: 'skip' }, NOW - 2 * HOUR, NOW)).toEqual({
      slots: [],
      missed: 2,
    });
  });
});

describe('fireAt with a window', () => {
  it.each([
    ['shorter than the interval', 10 * MINUTE],
    ['longer than the interval', 5 * HOUR],
  ])('%s gives each slot a fixed time of its own before the next slot', (_, windowMs) => {
    const times = range(NOW, NOW + 199 * HOUR, HOUR).map((slot) => {
      const at = fireAt(every(HOUR), { id: 'x', windowMs }, slot);
      expect(at).toBe(fireAt(every(HOUR), { id: 'x', windowMs }, slot));
      expect(at).toBeGreaterThanOrEqual(slot);
      expect(at).toBeLessThan(Math.min(slot + windowMs, nextSlot(every(HOUR), slot) ?? 0));
      return at - slot;
    });
    expect(new Set(times).size).toBeGreaterThan(190);
    expect(fireAt(every(HOUR), { id: 'y', windowMs }, NOW)).not.toBe(NOW + (times[0] ?? 0));
  });

  it('holds a slot until its fire time, and counts lateness from then', () => {
    const spread = { ...rule, misfire: 'skip' as const, windowMs: 30 * MINUTE };
    const at = fireAt(every(HOUR), spread, NOW);
    expect(at - NOW).toBeGreaterThan(2 * MINUTE);
    expect(plan(every(HOUR), spread, NOW, at - 1)).toEqual({ slots: [], missed: 0, next: NOW });
    expect(plan(every(HOUR), spread, NOW, at)).toMatchObject({ slots: [NOW], missed: 0 });
    expect(plan(every(HOUR), spread, NOW, at + MINUTE)).toMatchObject({ slots: [NOW], missed: 0 });
    expect(plan(every(HOUR), spread, NOW, at + MINUTE + 1)).toMatchObject({ slots: [], missed: 1 });
  });
});
