import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { theme } from '../state/theme.ts';
import type { Plot, Series } from './plot.ts';

interface ChartProps {
  readonly label: string;
  /** Unix seconds. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
}

/** A chart over time. What draws it is loaded with the first one. */
export function Chart({ label, times, series, format }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot>();
  const latest = useRef({ times, series });
  latest.current = { times, series };

  useEffect(() => {
    let isGone = false;
    void import('./plot.ts').then(({ drawPlot }) => {
      if (isGone || place.current === null) return;
      plot.current = drawPlot(place.current, latest.current.series, format, (draw) => theme.subscribe(draw));
      plot.current.show(latest.current.times, latest.current.series);
    });
    return () => {
      isGone = true;
      plot.current?.remove();
      plot.current = undefined;
    };
  }, []);
  useEffect(() => plot.current?.show(times, series), [times, series]);

  return (
    <figure class="chart" aria-label={label}>
      <div ref={place} />
      <figcaption>
        {series.map(({ name, kind, values }) => (
          <span key={name} class={`legend is-${kind}`}>
            {name} <strong>{format(values.at(-1) ?? 0)}</strong>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
