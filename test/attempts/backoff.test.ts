import { describe, expect, it } from 'vitest';
import { backoffMs, DEFAULT_BACKOFF } from '../../src/attempts/backoff.ts';

describe('the back-off', () => {
  it('doubles from a second by default, up to an hour', () => {
    const waits = [1, 2, 3, 4, 12, 13, 100].map((attempt) => backoffMs(DEFAULT_BACKOFF, attempt, 0.5));
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 2_048_000, 3_600_000, 3_600_000]);
  });

  it('spreads by a fifth to either side, before the cap', () => {
    expect(backoffMs(DEFAULT_BACKOFF, 1, 0)).toBe(800);
    expect(backoffMs(DEFAULT_BACKOFF, 1, 1)).toBe(1_200);
    expect(backoffMs({ type: 'exponential', delay: '1s', max: '1s' }, 9, 0.9)).toBe(1_000);
  });

  it('stays a number for ever', () => {
    for (const attempt of [1_025, 2 ** 52]) {
      expect(backoffMs(DEFAULT_BACKOFF, attempt, 0.5)).toBe(3_600_000);
      expect(backoffMs({ type: 'exponential', delay: 0 }, attempt, 0.5)).toBe(0);
      expect(backoffMs({ type: 'exponential', delay: 1, jitter: 1 }, attempt, 0)).toBe(0);
    }
  });

  it('can be fixed, and without jitter', () => {
    expect(backoffMs({ type: 'fixed', delay: '2s', jitter: 0 }, 7, 0.99)).toBe(2_000);
    expect(backoffMs({ type: 'fixed', delay: 100, jitter: 1 }, 1, 0)).toBe(0);
  });
});
