import { describe, expect, it } from 'vitest';
import { explainCronFault } from '../../../src/schedules/timetable/cron-faults.ts';
import { cronFault } from '../../../src/schedules/timetable/fire-times.ts';

describe('a cron pattern that cannot be read', () => {
  it.each([
    ['0 0 * 13 *', 'the month 13 is not from 1 to 12'],
    ['0 0 * 0 *', 'the month 0 is not from 1 to 12'],
    ['0 0 * 1-14 *', 'the month 14 is not from 1 to 12'],
    ['0 0 0 * *', 'the day of month 0 is not from 1 to 31'],
    ['0 0 1-34 * *', 'the day of month 34 is not from 1 to 31'],
    ['0 0 32W * *', 'the day of month 32W is not from 1 to 31'],
    ['0 0 * * 5-9', 'the day of week 9 is not from 0 to 7'],
    ['61 * * * *', 'the minute 61 is not from 0 to 59'],
    ['61 * * * * *', 'the second 61 is not from 0 to 59'],
    ['0 0 * FEB-JAN *', 'the range FEB-JAN of the month runs backwards'],
    ['0 0 * * FRI-MON', 'the range FRI-MON of the day of week runs backwards'],
    ['*/0 * * * *', 'the step "0" of the minute is no number above 0'],
    ['-1 * * * *', 'the minute "-1" cannot be read'],
    ['1,,2 * * * *', 'the minute has a comma without a value'],
    ['0 0 * * MAN', 'the day of week "MAN" cannot be read'],
    ['* * *', 'it has 3 fields; write five, or six with seconds first'],
  ])('%s: %s', (cron, reason) => {
    expect(cronFault(cron)).toContain(reason);
  });

  it.each([
    '0 12 ? * MON',
    '0 0 12 ? * MON',
    '0 0 L * *',
    '0 0 * * 7',
    '0 0 15W * *',
    '0 0 * * FRI#1',
    '0 0 * * 1L',
  ])('is not %s', (cron) => {
    expect([cronFault(cron), explainCronFault(cron)]).toEqual([undefined, undefined]);
  });
});
