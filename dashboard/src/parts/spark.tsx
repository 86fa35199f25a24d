import type { JSX } from 'preact';

const WIDTH = 96;
const HEIGHT = 24;

/** A line of the last values; the newest is at the right. */
export function Spark({ values, label }: { values: readonly number[]; label: string }): JSX.Element {
  const top = Math.max(...values, 1);
  const step = WIDTH / Math.max(values.length - 1, 1);
  const points = values.map(
    (value, i) => `${(i * step).toFixed(1)},${(HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1)}`,
  );
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {points.length > 1 && (
        <>
          <path class="spark-area" d={`M0,${HEIGHT}L${points.join('L')}L${WIDTH},${HEIGHT}Z`} />
          <path class="spark-line" d={`M${points.join('L')}`} />
        </>
      )}
    </svg>
  );
}
