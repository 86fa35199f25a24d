/** Median and range of a figure over the rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws {RangeError} of no values. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const last = sorted.length - 1;
  return { median: (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2, min: at(0), max: at(last) };
}

/**
 * Median and range of the ratios of two contenders in the same rounds: what the machine does to one round, it does to
 * both. Rounds that one of them has failed are left out, and so are those in which `against` is 0.
 */
export function ratioOf(
  of: readonly (number | undefined)[],
  against: readonly (number | undefined)[],
): Spread | undefined {
  const ratios = of.flatMap((value, round) => {
    const base = against[round];
    return value === undefined || base === undefined || base === 0 ? [] : [value / base];
  });
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}

/** The contenders of this round: each round begins with another one, so that none has the best place every time. */
export const rotated = <T>(items: readonly T[], round: number): T[] => {
  const first = items.length === 0 ? 0 : round % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
};
