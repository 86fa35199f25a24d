import { Type } from 'typebox';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PATTERN = '^(\\d{1,12})(ms|s|m|h|d)$';
const SHAPE = new RegExp(PATTERN);

/** Longest delay, expiry or retention: ten years, in milliseconds. */
export const MAX_DURATION_MS = 3_650 * UNITS.d;

/** Longest time-out of one attempt in milliseconds: the longest delay a JavaScript timer takes is 2^31 - 1. */
export const MAX_TIMEOUT_MS = 24 * UNITS.d;

/** A duration on input: integer milliseconds, or a number with a unit. */
export const duration = (description: string, maxMs: number = MAX_DURATION_MS) =>
  Type.Unsafe<number | string>({
    type: ['integer', 'string'],
    minimum: 0,
    maximum: maxMs,
    pattern: PATTERN,
    description: `${description} Integer milliseconds, or a string such as "500ms", "30s", "5m", "2h", "1d".`,
    examples: ['30s'],
  });

/**
 * Milliseconds of a duration that passed the `duration` schema.
 * A string has no upper bound in the schema, so callers still compare with their maximum.
 */
export function durationMs(value: number | string): number {
  if (typeof value === 'number') return value;
  const match = SHAPE.exec(value);
  if (match === null) throw new RangeError(`not a duration: ${value}`);
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}
