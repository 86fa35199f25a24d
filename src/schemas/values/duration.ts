import { Type } from 'typebox';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PATTERN = '^(\\d{1,12})(ms|s|m|h|d)$';
const SHAPE = new RegExp(PATTERN);

/** Longest delay, expiry or retention: ten years, in milliseconds. */
export const MAX_DURATION_MS = 3_650 * UNITS.d;

/** Longest time-out of one attempt in milliseconds: the longest delay a JavaScript timer takes is 2^31 - 1. */
export const MAX_TIMEOUT_MS = 24 * UNITS.d;

/** Bounds of a duration in milliseconds. */
export interface DurationLimits {
  min?: number;
  max?: number;
}

/** With no time at all, no attempt could succeed. */
export const TIMEOUT_LIMITS: DurationLimits = { min: 1, max: MAX_TIMEOUT_MS };

/** Redis keeps nothing for 0 ms: it refuses to store it. */
export const RESULT_TTL_LIMITS: DurationLimits = { min: 1 };

/** A duration on input: integer milliseconds, or a number with a unit. */
export const duration = (description: string, { min = 0, max = MAX_DURATION_MS }: DurationLimits = {}) =>
  Type.Unsafe<number | string>({
    type: ['integer', 'string'],
    minimum: min,
    maximum: max,
    pattern: PATTERN,
    description: `${description} Integer milliseconds, or a string such as "500ms", "30s", "5m", "2h", "1d".`,
    examples: ['30s'],
  });

/**
 * Milliseconds of a duration that passed the `duration` schema.
 * A string has no bounds in the schema, so callers still compare with their limits.
 */
export function durationMs(value: number | string): number {
  if (typeof value === 'number') return value;
  const match = SHAPE.exec(value);
  if (match === null) throw new RangeError(`not a duration: ${value}`);
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}
