/** Waits and runs are counted in windows of this length; stats show the present window and the one before. */
export const LATENCY_WINDOW_MS = 300_000;
/** A window is kept for as long as stats may read it. */
export const LATENCY_TTL_MS = 3 * LATENCY_WINDOW_MS;

/** Each bucket's upper bound is this many times the one before, so a percentile is off by at most 15 %. */
const GROWTH = 1.15;
const FLOOR_MS = 0.1;

/** `wait`: from ready to start; `run`: from start to end. */
export type LatencyKind = 'wait' | 'run';

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

export const latencyWindow = (nowMs: number): number => Math.floor(nowMs / LATENCY_WINDOW_MS);

/** The hash field of the bucket that holds a time, such as `run:12`. */
export function latencyField(kind: LatencyKind, ms: number): string {
  const bucket = ms <= FLOOR_MS ? 0 : Math.ceil(Math.log(ms / FLOOR_MS) / Math.log(GROWTH));
  return `${kind}:${bucket}`;
}

/** Percentiles in ms (upper bound of the bucket, rounded to 0.1 ms) over several windows; undefined without counts. */
export function percentiles(
  windows: readonly Readonly<Record<string, string>>[],
  kind: LatencyKind,
): Percentiles | undefined {
  const counts = new Map<number, number>();
  for (const [field, count] of windows.flatMap((window) => Object.entries(window))) {
    const [name, bucket] = field.split(':');
    if (name === kind) counts.set(Number(bucket), (counts.get(Number(bucket)) ?? 0) + Number(count));
  }
  const buckets = [...counts].sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return undefined;
  const at = (share: number) => {
    let seen = 0;
    for (const [bucket, count] of buckets) {
      seen += count;
      if (seen >= share * total) return Math.round(FLOOR_MS * GROWTH ** bucket * 10) / 10;
    }
    return 0;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
