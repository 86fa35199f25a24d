import { describe, expect, it } from 'vitest';
import { decide } from '../../src/lifecycle/retry-decision.ts';

describe('the decision after a failed attempt', () => {
  const failed = { attempt: 1, maxAttempts: 3, backoff: undefined, retryable: true, retryInMs: undefined };

  it('is a retry until the attempts are spent', () => {
    expect(decide(failed, 0.5)).toEqual({ kind: 'retry', delayMs: 1_000 });
    expect(decide({ ...failed, attempt: 3 }, 0.5)).toEqual({ kind: 'bury' });
  });

  it('follows what the handler asks for', () => {
    expect(decide({ ...failed, retryable: false }, 0.5)).toEqual({ kind: 'bury' });
    expect(decide({ ...failed, retryInMs: 7 }, 0.5)).toEqual({ kind: 'retry', delayMs: 7 });
    expect(decide({ ...failed, attempt: 3, retryInMs: 7 }, 0.5)).toEqual({ kind: 'bury' });
  });
});
