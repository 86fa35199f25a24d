import { detectedFailure, type Outcome } from '../../src/attempts/outcome.ts';
import type { Clock } from '../../src/clock.ts';
import type { RunningJob } from './running-job.ts';

/**
 * The outcome of an attempt that may have been aborted: the cause decides, whether handler or signal came first.
 *
 * @param outcome of the handler; undefined when the worker has given up waiting for it.
 */
export function applyAbort(
  { abortCause, attempt, failure }: Pick<RunningJob, 'abortCause' | 'attempt' | 'failure'>,
  outcome: Outcome | undefined,
  timeoutMs: number,
  clock: Clock,
): Outcome {
  const completed = outcome?.kind === 'completed' ? outcome : undefined;
  switch (abortCause) {
    case undefined:
      return outcome ?? { kind: 'released', delayMs: 0 };
    case 'lease-lost':
      return { kind: 'lost' };
    case 'cancelled':
      return completed ?? { kind: 'cancelled' };
    case 'shutdown':
      return completed ?? { kind: 'released', delayMs: 0 };
    case 'suspected':
      return completed ?? { kind: 'released', delayMs: 0, isSuspect: true };
    case 'uncaught':
      return failure ?? { kind: 'released', delayMs: 0 };
    case 'timeout': {
      const message = `The attempt took longer than its timeout of ${timeoutMs} ms`;
      return detectedFailure('timeout', message, attempt, clock.wall(), { retryable: true });
    }
  }
}
