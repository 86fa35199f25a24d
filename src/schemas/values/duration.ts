import { Type } from 'typebox';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PATTERN = '^(\\d{1,12})(ms|s|m|h|d)$';
const SHAPE = new RegExp(PATTERN);

/** The longest delay, expiry or retention: ten years, in milliseconds. */
export const MAX_DURATION_MS = 3_650 * UNITS.d;

/** The latest start of a job: 100 years from now, in milliseconds. A time such as 2099-12-31 is how people write "never". */
export const MAX_START_MS = 36_525 * UNITS.d;

/** The longest timeout of one attempt, in milliseconds. A JavaScript timer takes at most 2^31 - 1. */
export const MAX_TIMEOUT_MS = 24 * UNITS.d;

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
    pattern: PATTERN,
    description: `${description} Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d".`,
    examples: ['30s'],
  });

/**
 * The milliseconds of a duration that passed the `duration` schema. Callers still check their limits: the schema does
 * not bound a string.
 *
 * @throws {RangeError} for text in another form.
 */
export function durationMs(value: number | string): number {
  if (typeof value === 'number') return value;
  const match = SHAPE.exec(value);
  if (match === null) throw new RangeError(`not a duration: ${value}`);
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}
