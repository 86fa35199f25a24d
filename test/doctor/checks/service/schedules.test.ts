import { expect, it } from 'vitest';
import { checkSchedules } from '../../../../src/doctor/checks/service/schedules.ts';
import { exampleSchedule, type Schedule } from '../../../../src/schemas/schedule.ts';

const NOW = Date.parse('2026-02-01T12:00:00.000Z');
const schedule = (changes: Partial<Schedule>): Schedule =>
  ({ ...exampleSchedule, id: 'nightly', paused: false, finished: false, ...changes }) as Schedule;

it.each([
  ['none', [], []],
  ['one in time', [schedule({ nextAt: '2026-02-01T12:10:00.000Z' })], ['ok']],
  ['one that was due a moment ago', [schedule({ nextAt: '2026-02-01T11:59:30.000Z' })], ['ok']],
  ['one that is late', [schedule({ nextAt: '2026-02-01T11:00:00.000Z' })], ['fault']],
  ['one that is paused', [schedule({ nextAt: '2026-02-01T11:00:00.000Z', paused: true })], ['ok']],
  ['one that has ended', [schedule({ nextAt: '2026-02-01T11:00:00.000Z', finished: true })], ['ok']],
])('%s', (_, schedules, levels) => {
  expect(checkSchedules(schedules, NOW).map(({ level }) => level)).toEqual(levels);
});

it('names the latest one', () => {
  const late = [
    schedule({ id: 'a', nextAt: '2026-02-01T11:50:00.000Z' }),
    schedule({ id: 'b', nextAt: '2026-02-01T11:00:00.000Z' }),
  ];
  expect(checkSchedules(late, NOW)[0]?.what).toBe('2 schedules do not fire. b has been due for 60 min.');
});
