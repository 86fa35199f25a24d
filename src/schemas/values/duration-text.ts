const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A number with a unit. */
export const DURATION_PATTERN = '^(\\d{1,12})(ms|s|m|h|d)$';
const SHAPE = new RegExp(DURATION_PATTERN);

export const DAY_MS = UNITS.d;

/**
 * The milliseconds of a duration. A number is taken as it is.
 *
 * @throws {RangeError} for text in another form.
 */
export function durationMs(value: number | string): number {
  if (typeof value === 'number') return value;
  const match = SHAPE.exec(value);
  if (match === null) throw new RangeError(`not a duration: ${value}`);
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}
