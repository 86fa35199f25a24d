import uPlot from 'uplot';

export interface Series {
  readonly name: string;
  /** Names its colour. */
  readonly kind: 'good' | 'bad' | 'info' | 'plan' | 'warn';
  readonly values: readonly number[];
}

export interface Plot {
  show(times: readonly number[], series: readonly Series[]): void;
  remove(): void;
}

const HEIGHT = 168;
/** The shortest time that a chart shows. */
const SHORTEST_S = 60;

const colour = (name: string): string => {
  // A computed colour: what draws does not know light-dark().
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

const faded = (color: string): string => color.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.1)');

/** What may lie between two marks: all that is drawn is counted in whole numbers. */
const STEPS = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

/** The times that a chart shows. uPlot proposes years for a single reading. */
function timesOf({ data: [times] }: uPlot): uPlot.Range.MinMax {
  const last = times.at(-1) ?? Date.now() / 1_000;
  return [Math.min(times[0] ?? last, last - SHORTEST_S), last];
}

function optionsOf(
  width: number,
  series: readonly Series[],
  format: (value: number) => string,
): uPlot.Options {
  const axis = { stroke: colour('soft'), font: '11px system-ui', ticks: { show: false } };
  const line = colour('line');
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: { range: timesOf },
      y: { range: (_plot, _min, max) => [0, Math.max(max * 1.15, 1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 26, space: 90 },
      {
        ...axis,
        grid: { stroke: line, width: 1 },
        size: 52,
        space: 36,
        incrs: STEPS,
        values: (_plot, splits) => splits.map(format),
      },
    ],
    series: [
      {},
      ...series.map(({ kind }) => {
        const stroke = colour(kind);
        return {
          stroke,
          fill: faded(stroke),
          width: 1.5,
          points: { show: (plot: uPlot) => plot.data[0].length === 1 },
        };
      }),
    ],
  };
}

/**
 * Draws a chart into an element, as wide as that is.
 *
 * @param onTheme calls back when the colours change, until it is ended. Imported here, it would split what all views load.
 */
export function drawPlot(
  place: HTMLElement,
  series: readonly Series[],
  format: (value: number) => string,
  onTheme: (draw: () => void) => () => void,
): Plot {
  let data: uPlot.AlignedData = [[], ...series.map(() => [])];
  let plot: uPlot | undefined;
  const draw = (): void => {
    plot?.destroy();
    plot = new uPlot(optionsOf(place.clientWidth, series, format), data, place);
  };
  draw();
  const size = new ResizeObserver(() => plot?.setSize({ width: place.clientWidth, height: HEIGHT }));
  size.observe(place);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', draw);
  const ends = [onTheme(draw), () => size.disconnect(), () => scheme.removeEventListener('change', draw)];
  return {
    show(times, shown) {
      data = [[...times], ...shown.map(({ values }) => [...values])];
      plot?.setData(data);
    },
    remove() {
      for (const end of ends) end();
      plot?.destroy();
    },
  };
}
