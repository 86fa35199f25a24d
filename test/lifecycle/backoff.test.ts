import { describe, expect, it } from 'vitest';
import { backoffMs, DEFAULT_BACKOFF } from '../../src/lifecycle/backoff.ts';
import { decide } from '../../src/lifecycle/retry-decision.ts';

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

  it('can be fixed, and without jitter', () => {
    expect(backoffMs({ type: 'fixed', delay: '2s', jitter: 0 }, 7, 0.99)).toBe(2_000);
    expect(backoffMs({ type: 'fixed', delay: 100, jitter: 1 }, 1, 0)).toBe(0);
  });
});

describe('the decision after a failed attempt', () => {
  const failed = { attempt: 1, maxAttempts: 3, backoff: undefined, retryable: true, retryInMs: undefined };

  it('is a retry until the attempts are spent', () => {
    expect(decide(failed, 0.5)).toEqual({ kind: 'retry', delayMs: 1_000 });
    expect(decide({ ...failed, attempt: 3 }, 0.5)).toEqual({ kind: 'bury' });
  });

  it('obeys the handler', () => {
    expect(decide({ ...failed, retryable: false }, 0.5)).toEqual({ kind: 'bury' });
    expect(decide({ ...failed, retryInMs: 7 }, 0.5)).toEqual({ kind: 'retry', delayMs: 7 });
    expect(decide({ ...failed, attempt: 3, retryInMs: 7 }, 0.5)).toEqual({ kind: 'bury' });
  });
});
