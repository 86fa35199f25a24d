import { describe, expect, it } from 'vitest';
import { type Outcome, thrownFailure } from '../../../src/attempts/outcome.ts';
import { applyAbort } from '../../../workers/run/apply-abort.ts';
import { createManualClock } from '../../helpers/workers/manual-clock.ts';

const clock = createManualClock();
const completed: Outcome = { kind: 'completed', result: '1' };
const released: Outcome = { kind: 'released', delayMs: 0 };

describe('the outcome of an attempt', () => {
  it.each([
    [undefined, completed, 'completed'],
    [undefined, undefined, 'released'],
    ['cancelled', completed, 'completed'],
    ['cancelled', released, 'cancelled'],
    ['cancelled', undefined, 'cancelled'],
    ['shutdown', completed, 'completed'],
    ['shutdown', { kind: 'cancelled' } as Outcome, 'released'],
    ['shutdown', undefined, 'released'],
    ['suspected', completed, 'completed'],
    ['suspected', undefined, 'released'],
    ['lease-lost', completed, 'lost'],
    ['lease-lost', undefined, 'lost'],
  ] as const)('with the cause %s and the handler outcome %j is %s', (abortCause, outcome, kind) => {
    expect(applyAbort({ abortCause, attempt: 1, failure: undefined }, outcome, 100, clock).kind).toBe(kind);
  });

  it('after a timeout is a failure that can be retried, even if the handler succeeded later', () => {
    expect(
      applyAbort({ abortCause: 'timeout', attempt: 2, failure: undefined }, completed, 100, clock),
    ).toEqual({
      kind: 'failed',
      error: {
        name: 'timeout',
        message: 'The attempt took longer than its timeout of 100 ms',
        attempt: 2,
        at: clock.wall(),
      },
      retryable: true,
      retryInMs: undefined,
    });
  });

  it('after an uncaught error is its failure, whatever the handler does', () => {
    const failure = thrownFailure(new Error('not caught'), 1, 0, 'uncaughtException');
    const running = { abortCause: 'uncaught', attempt: 1, failure } as const;
    expect(applyAbort(running, completed, 100, clock)).toBe(failure);
    expect(applyAbort(running, undefined, 100, clock)).toBe(failure);
  });
});
