import type { Backoff } from '../schemas/job.ts';
import { backoffMs, DEFAULT_BACKOFF } from './backoff.ts';

/** What follows a failed attempt. */
export type Decision = { kind: 'retry'; delayMs: number } | { kind: 'bury' };

export interface FailedAttempt {
  attempt: number;
  maxAttempts: number;
  backoff: Backoff | undefined;
  /** False when the handler said that trying again is of no use. */
  retryable: boolean;
  /** Wait that the handler asked for, ms. */
  retryInMs: number | undefined;
}

/** @param random see `backoffMs`. */
export function decide(failed: FailedAttempt, random: number): Decision {
  if (!failed.retryable || failed.attempt >= failed.maxAttempts) return { kind: 'bury' };
  const delayMs = failed.retryInMs ?? backoffMs(failed.backoff ?? DEFAULT_BACKOFF, failed.attempt, random);
  return { kind: 'retry', delayMs };
}
