import type { Backoff } from '../schemas/job.ts';
import { durationMs } from '../schemas/values/duration.ts';

const DEFAULT_MAX_MS = 3_600_000;
const DEFAULT_JITTER = 0.2;
/** The wait doubles no further: every wait but 0 is far beyond any cap by then, and none is infinite. */
const MAX_DOUBLINGS = 100;

/** Waits about 1 s, 2 s, 4 s, 8 s ..., each up to 20 % shorter or longer, and at most 1 h. */
export const DEFAULT_BACKOFF: Backoff = { type: 'exponential', delay: 1_000 };

/**
 * The wait after a failed attempt, ms.
 *
 * @param attempt number of the failed attempt, from 1.
 * @param random a number from 0 (inclusive) to 1 (exclusive); 0.5 gives the wait without jitter.
 */
export function backoffMs(backoff: Backoff, attempt: number, random: number): number {
  const base = durationMs(backoff.delay);
  const max = backoff.max === undefined ? DEFAULT_MAX_MS : durationMs(backoff.max);
  const jitter = backoff.jitter ?? DEFAULT_JITTER;
  const wait = backoff.type === 'fixed' ? base : base * 2 ** Math.min(attempt - 1, MAX_DOUBLINGS);
  const spread = wait * (1 + jitter * (2 * random - 1));
  return Math.round(Math.min(spread, Math.max(max, 0)));
}
