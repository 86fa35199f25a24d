import { describe, expect, it } from 'vitest';
import { toTimestamp } from '../../../src/schemas/values/timestamp.ts';

describe('toTimestamp', () => {
  it('writes each time as RFC 3339 in UTC, in any order', () => {
    const times = [0, 1_769_860_800_000, 1_769_860_800_000, 1_769_860_800_001, 0];
    expect(times.map(toTimestamp)).toEqual(times.map((ms) => new Date(ms).toISOString()));
  });
});
