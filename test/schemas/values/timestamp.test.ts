import { describe, expect, it } from 'vitest';
import { timeMs, toTimestamp } from '../../../src/schemas/values/timestamp.ts';

describe('toTimestamp', () => {
  it('writes each time as RFC 3339 in UTC, in any order', () => {
    const times = [0, 1_769_860_800_000, 1_769_860_800_000, 1_769_860_800_001, 0];
    expect(times.map(toTimestamp)).toEqual(times.map((ms) => new Date(ms).toISOString()));
  });
});

it.each([
  ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
  ['2026-01-31t12:00:00.1234z', '2026-01-31T12:00:00.123Z'],
  ['2026-01-31 12:00:00+01:30', '2026-01-31T10:30:00.000Z'],
  ['2026-01-31T12:00:00+05', '2026-01-31T07:00:00.000Z'],
  ['2026-01-31T12:00:00-0530', '2026-01-31T17:30:00.000Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ['2017-01-01T00:59:60.5+01', '2017-01-01T00:00:00.500Z'],
])('the time %s is %s', (text, iso) => {
  expect(new Date(timeMs(text)).toISOString()).toBe(iso);
});
