import { Histogram, type Registry } from 'prom-client';
import type { MetricHead } from './catalog.ts';
import type { Tally } from './tally.ts';

export type Labels = Readonly<Record<string, string>>;

interface Value {
  readonly labels: Labels;
  readonly sharedLabels: Labels;
  readonly metricName: string;
  readonly value: number;
}

/**
 * A histogram that is written out of tallies. That of prom-client makes an object and a string for each time that it
 * records, which costs a short job or request about a percent.
 */
export class TallyHistogram extends Histogram<string> {
  readonly #head: MetricHead;
  readonly #series: () => Iterable<readonly [labels: Labels, tally: Tally]>;

  constructor(
    registry: Registry,
    head: MetricHead,
    bounds: readonly number[],
    series: () => Iterable<readonly [labels: Labels, tally: Tally]>,
  ) {
    const { name, help, labels } = head;
    super({ name, help, labelNames: [...labels], buckets: [...bounds], registers: [registry] });
    this.#head = head;
    this.#series = series;
  }

  /** The registry writes what this gives. Source: prom-client 15.1.3, lib/registry.js, `getMetricsAsString`. */
  async getForPromString() {
    const { name, help, type } = this.#head;
    const values: Value[] = [];
    for (const [labels, tally] of this.#series()) addValues(values, name, labels, tally);
    return { name, help, type, values };
  }
}

function addValues(values: Value[], name: string, sharedLabels: Labels, tally: Tally): void {
  const add = (suffix: string, value: number, labels: Labels = {}) =>
    values.push({ labels, sharedLabels, metricName: `${name}_${suffix}`, value });
  let count = 0;
  tally.counts.forEach((more, bucket) => {
    count += more;
    add('bucket', count, { le: String(tally.bounds[bucket] ?? '+Inf') });
  });
  add('sum', tally.sum);
  add('count', count);
}
