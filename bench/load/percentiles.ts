import type { Figures } from '../contract.ts';

const SHARES = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 } as const;
export type Percentiles = Readonly<Record<keyof typeof SHARES, number>>;

/** Exact percentiles (nearest rank) of values in any order. @throws {Error} when there are none. */
export function percentiles(values: readonly number[] | Float64Array): Percentiles {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => {
    const value = sorted[Math.ceil(share * sorted.length) - 1];
    if (value === undefined) throw new Error('Nothing was measured.');
    return value;
  };
  const { p50, p90, p99, p999 } = SHARES;
  return { p50: at(p50), p90: at(p90), p99: at(p99), p999: at(p999) };
}

/** As figures of a round: `startP99` is the p99 of `start`. */
export const figuresOf = (name: string, of: Percentiles): Figures =>
  Object.fromEntries(Object.entries(of).map(([share, value]) => [`${name}${share.toUpperCase()}`, value]));
