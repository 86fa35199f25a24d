import { Gauge, type Registry } from 'prom-client';
import type { MetricHead } from './catalog.ts';
import type { Tally } from './tally.ts';

export type Labels = Readonly<Record<string, string>>;

/** One line. `metricName`: where it is not the name of the metric. */
interface Value {
  readonly labels: Labels;
  /** Further labels, which many lines share: they are written as text once. */
  readonly sharedLabels?: Labels;
  readonly metricName?: string;
  readonly value: number;
}

/**
 * A metric that is written out of figures which others hold. Those of prom-client make an object and a string for each
 * figure that they get, which costs a short job or request about a percent.
 */
export class WrittenMetric extends Gauge<string> {
  readonly #head: MetricHead;
  readonly #values: () => readonly Value[];

  constructor(registry: Registry, head: MetricHead, values: () => readonly Value[]) {
    const { name, help, labels } = head;
    super({ name, help, labelNames: [...labels], registers: [registry] });
    this.#head = head;
    this.#values = values;
  }

  /** The registry writes what this gives. Source: prom-client 15.1.3, lib/registry.js, `getMetricsAsString`. */
  async getForPromString() {
    const { name, help, type } = this.#head;
    return { name, help, type, values: this.#values() };
  }
}

/** The lines of a histogram. */
export function histogramValues(
  { name }: MetricHead,
  series: Iterable<readonly [labels: Labels, tally: Tally]>,
): Value[] {
  const values: Value[] = [];
  for (const [sharedLabels, { bounds, counts, sum }] of series) {
    const add = (suffix: string, value: number, labels: Labels = {}) =>
      values.push({ labels, sharedLabels, metricName: `${name}_${suffix}`, value });
    let count = 0;
    counts.forEach((more, bucket) => {
      count += more;
      add('bucket', count, { le: String(bounds[bucket] ?? '+Inf') });
    });
    add('sum', sum);
    add('count', count);
  }
  return values;
}
