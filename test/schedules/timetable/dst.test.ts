import { describe, expect, it } from 'vitest';
import {
  nextSlot,
  slotsAfter,
  slotsBefore,
  type Timetable,
} from '../../../src/schedules/timetable/fire-times.ts';

const DAY = 86_400_000;

/** Local time and UTC offset. Two slots with the same local time differ in the offset. */
const local = (timeZone: string) => {
  const format = new Intl.DateTimeFormat('sv', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  const offset = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  return (slot: number) => ({
    text: format.format(slot),
    offset: offset.format(slot).replace(/^.*GMT/, ''),
  });
};

/** Zone, day, pattern, and the local times of its slots on that day. docs/how-to/schedules.md shows the same table. */
const TABLE: readonly (readonly [zone: string, day: string, cron: string, times: readonly string[]])[] = [
  ['America/New_York', '2026-03-08', '30 2 * * *', ['03:00 -04:00']],
  [
    'America/New_York',
    '2026-03-08',
    '*/30 1-3 * * *',
    ['01:00 -05:00', '01:30 -05:00', '03:00 -04:00', '03:30 -04:00'],
  ],
  ['America/New_York', '2026-11-01', '30 1 * * *', ['01:30 -04:00']],
  [
    'America/New_York',
    '2026-11-01',
    '*/30 1-2 * * *',
    ['01:00 -04:00', '01:30 -04:00', '01:00 -05:00', '01:30 -05:00', '02:00 -05:00', '02:30 -05:00'],
  ],
  ['Europe/Berlin', '2026-03-29', '30 2 * * *', ['03:00 +02:00']],
  ['Europe/Berlin', '2026-03-29', '0,30 2 * * *', ['03:00 +02:00']],
  ['Europe/Berlin', '2026-10-25', '30 2 * * *', ['02:30 +02:00']],
  ['Europe/Berlin', '2026-10-25', '0,30 2 * * *', ['02:00 +02:00', '02:30 +02:00']],
  [
    'Europe/Berlin',
    '2026-10-25',
    '*/30 2 * * *',
    ['02:00 +02:00', '02:30 +02:00', '02:00 +01:00', '02:30 +01:00'],
  ],
  ['Australia/Lord_Howe', '2026-10-04', '15 2 * * *', ['02:30 +11:00']],
  [
    'Australia/Lord_Howe',
    '2026-10-04',
    '*/15 1-2 * * *',
    ['01:00 +10:30', '01:15 +10:30', '01:30 +10:30', '01:45 +10:30', '02:30 +11:00', '02:45 +11:00'],
  ],
  ['Australia/Lord_Howe', '2026-04-05', '45 1 * * *', ['01:45 +11:00']],
  [
    'Australia/Lord_Howe',
    '2026-04-05',
    '*/15 1 * * *',
    ['01:00 +11:00', '01:15 +11:00', '01:30 +11:00', '01:45 +11:00', '01:30 +10:30', '01:45 +10:30'],
  ],
  ['America/Santiago', '2026-09-06', '0 0 * * *', ['01:00 -03:00']],
  ['America/Santiago', '2026-09-06', '*/30 0-1 * * *', ['01:00 -03:00', '01:30 -03:00']],
  ['America/Santiago', '2026-04-04', '30 23 * * *', ['23:30 -03:00']],
  [
    'America/Santiago',
    '2026-04-04',
    '*/30 23 * * *',
    ['23:00 -03:00', '23:30 -03:00', '23:00 -04:00', '23:30 -04:00'],
  ],
  ['America/Nuuk', '2026-03-28', '30 23 * * *', []],
  ['America/Nuuk', '2026-03-28', '*/30 22-23 * * *', ['22:00 -02:00', '22:30 -02:00']],
  ['America/Nuuk', '2026-03-29', '0 0 * * *', ['00:00 -01:00']],
];

/** Once a year the hour before midnight does not exist here, so the gap does not end on that day. */
const NO_LAST_HOUR = ['America/Nuuk'];

describe('when clocks change', () => {
  it.each(TABLE)('in %s on %s, %s fires at %j', (timeZone, day, cron, times) => {
    const show = local(timeZone);
    const timetable: Timetable = { recurrence: { cron, timeZone } };
    // The search starts two days before. A test below starts it at every moment in between.
    const slots = slotsAfter(timetable, Date.parse(`${day}T00:00:00Z`) - 2 * DAY, 40);
    const shown = slots.map(show).filter(({ text }) => text.startsWith(day));
    expect(shown.map(({ text, offset }) => `${text.slice(11)} ${offset}`)).toEqual(times);
  });

  const zones = [...new Set(TABLE.map(([zone]) => zone))];
  const times = ['0 0', '30 0', '30 1', '45 1', '0 2', '15 2', '30 2', '0 3', '0 22', '0 23', '30 23'];

  it.each(zones)('in %s a daily time fires once on each day of the year', (timeZone) => {
    const show = local(timeZone);
    const hasLastHour = !NO_LAST_HOUR.includes(timeZone);
    for (const time of times.filter((one) => hasLastHour || !one.endsWith(' 23'))) {
      const timetable: Timetable = { recurrence: { cron: `${time} * * *`, timeZone } };
      const slots = slotsAfter(timetable, Date.parse('2025-12-31T12:00:00Z'), 365);
      const days = slots.map((slot) => show(slot).text.slice(0, 10));
      expect(new Set(days).size, time).toBe(365);
      expect(Date.parse(days.at(-1) ?? '') - Date.parse(days[0] ?? ''), time).toBe(364 * DAY);
    }
  });

  it.each(TABLE)(
    'in %s on %s, %s has the same slots for a search from any moment, forward or back',
    (timeZone, day, cron) => {
      const timetable: Timetable = { recurrence: { cron, timeZone } };
      const start = Date.parse(`${day}T00:00:00Z`) - 2 * DAY;
      const slots = slotsAfter(timetable, start, 30);
      for (let i = 1; i < slots.length; i += 1) {
        const [before = 0, slot = 0] = [slots[i - 1], slots[i]];
        for (let part = 0; part < 12; part += 1) {
          const moment = before + Math.floor(((slot - before) * part) / 12);
          expect(nextSlot(timetable, moment)).toBe(slot);
          expect(slotsBefore(timetable, { from: slots[0] ?? 0, before: moment + 1 }, 3)).toEqual(
            slots.slice(Math.max(0, i - 3), i),
          );
        }
      }
    },
  );
});
