import { expect, it } from 'vitest';
import { decide } from '../../src/lifecycle/retry-decision.ts';

const failed = { attempt: 1, maxAttempts: 3, backoff: undefined, retryable: true, retryInMs: undefined };

it('retries a failed attempt until the attempts are spent', () => {
  expect(decide(failed, 0.5)).toEqual({ kind: 'retry', delayMs: 1_000 });
  expect(decide({ ...failed, attempt: 3 }, 0.5)).toEqual({ kind: 'bury' });
});

it('obeys the handler', () => {
  expect(decide({ ...failed, retryable: false }, 0.5)).toEqual({ kind: 'bury' });
  expect(decide({ ...failed, retryInMs: 7 }, 0.5)).toEqual({ kind: 'retry', delayMs: 7 });
  expect(decide({ ...failed, attempt: 3, retryInMs: 7 }, 0.5)).toEqual({ kind: 'bury' });
});
