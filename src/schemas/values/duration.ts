import { Type } from 'typebox';
import { DAY_MS, DURATION_PATTERN } from './duration-text.ts';

export { durationMs } from './duration-text.ts';

/** The longest delay, expiry or retention: ten years, in milliseconds. */
export const MAX_DURATION_MS = 3_650 * DAY_MS;

/** The latest start of a job: 100 years from now, in milliseconds. A time such as 2099-12-31 is how people write "never". */
export const MAX_START_MS = 36_525 * DAY_MS;

/** The longest timeout of one attempt, in milliseconds. A JavaScript timer takes at most 2^31 - 1. */
export const MAX_TIMEOUT_MS = 24 * DAY_MS;

/** Bounds of a duration in milliseconds. */
export interface DurationLimits {
  min?: number;
  max?: number;
}

/** No attempt could succeed with a timeout of 0. */
export const TIMEOUT_LIMITS: DurationLimits = { min: 1, max: MAX_TIMEOUT_MS };

/** Redis rejects a lifetime of 0 ms. */
export const RESULT_TTL_LIMITS: DurationLimits = { min: 1 };

/** A duration in a request: integer milliseconds, or a number with a unit. */
export const duration = (description: string, { min = 0, max = MAX_DURATION_MS }: DurationLimits = {}) =>
  Type.Unsafe<number | string>({
    type: ['integer', 'string'],
    minimum: min,
    maximum: max,
    pattern: DURATION_PATTERN,
    description: `${description} Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d".`,
    examples: ['30s'],
  });
