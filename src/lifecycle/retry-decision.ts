import type { Backoff } from '../schemas/job.ts';
import { backoffMs, DEFAULT_BACKOFF } from './backoff.ts';

/** What follows a failed attempt: another one after `delayMs`, or the dead letters. */
export type Decision = { kind: 'retry'; delayMs: number } | { kind: 'bury' };

export interface FailedAttempt {
  /** From 1. */
  attempt: number;
  maxAttempts: number;
  backoff: Backoff | undefined;
  /** False when the handler has said that another attempt is useless. */
  retryable: boolean;
  /** Delay that the handler has set, ms. It replaces the backoff. */
  retryInMs: number | undefined;
}

/** @param random see `backoffMs`. */
export function decide(failed: FailedAttempt, random: number): Decision {
  if (!failed.retryable || failed.attempt >= failed.maxAttempts) return { kind: 'bury' };
  const delayMs = failed.retryInMs ?? backoffMs(failed.backoff ?? DEFAULT_BACKOFF, failed.attempt, random);
  return { kind: 'retry', delayMs };
}
