/** One line of figures. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metrics {
  readonly samples: readonly Sample[];
  /** Name -> type. */
  readonly types: ReadonlyMap<string, string>;
  /** The value of the sample with exactly these labels; undefined when there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  /** Added up over all samples that have these labels. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/;
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

/**
 * Reads Prometheus text, format 0.0.4, and throws for whatever a Prometheus would refuse or misunderstand. Source: the
 * page "Exposition formats" of its documentation.
 */
export function parseMetrics(text: string): Metrics {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const types = new Map<string, string>();
  const helps = new Set<string>();
  const samples = new Map<string, Sample>();
  const closed = new Set<string>();
  let family = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('#')) {
      readComment(line, types, helps);
      continue;
    }
    const sample = readSample(line);
    const own = familyOf(sample.name, types);
    if (own !== family) {
      if (closed.has(own)) throw new Error(`the lines of ${own} are not together`);
      closed.add(own);
      family = own;
    }
    const key = keyOf(sample.name, sample.labels);
    if (samples.has(key)) throw new Error(`twice: ${key}`);
    samples.set(key, sample);
  }
  const all = [...samples.values()];
  for (const [name, type] of types) if (type === 'histogram') checkHistogram(name, all);
  return {
    samples: all,
    types,
    value: (name, labels = {}) => samples.get(keyOf(name, labels))?.value,
    sum: (name, labels = {}) =>
      all
        .filter(
          (one) =>
            one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
        )
        .reduce((total, { value }) => total + value, 0),
  };
}

const keyOf = (name: string, labels: Readonly<Record<string, string>>): string =>
  `${name}${JSON.stringify(Object.entries(labels).sort())}`;

function readComment(line: string, types: Map<string, string>, helps: Set<string>): void {
  const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
  if (kind === undefined || !NAME.test(name)) throw new Error(`not a comment that is known: ${line}`);
  if (kind === 'HELP') {
    if (helps.has(name)) throw new Error(`two HELP lines: ${name}`);
    helps.add(name);
    return;
  }
  if (types.has(name) || !TYPES.includes(rest)) throw new Error(`wrong TYPE line: ${line}`);
  types.set(name, rest);
}

function readSample(line: string): Sample {
  const [, name = '', list = '', number = ''] = SAMPLE.exec(line) ?? [];
  if (name === '') throw new Error(`not a sample: ${line}`);
  const labels: Record<string, string> = {};
  for (let rest = list; rest !== ''; ) {
    const [whole, label = '', value = ''] = LABEL.exec(rest) ?? [];
    if (whole === undefined || label in labels) throw new Error(`wrong labels: ${line}`);
    labels[label] = value.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character));
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: readNumber(number, line) };
}

/** As Go's ParseFloat, which takes any case. */
function readNumber(text: string, line: string): number {
  if (/^nan$/i.test(text)) return Number.NaN;
  const infinite = /^([+-]?)inf$/i.exec(text);
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw new Error(`not a number: ${line}`);
  return Number(text);
}

function familyOf(name: string, types: ReadonlyMap<string, string>): string {
  if (types.has(name)) return name;
  const base = name.replace(/_(bucket|sum|count)$/, '');
  const type = types.get(base);
  if (type === 'histogram' || (type === 'summary' && !name.endsWith('_bucket'))) return base;
  throw new Error(`${name} comes without a TYPE line before it`);
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = new Map<string, Sample[]>();
  for (const sample of samples) {
    if (sample.name !== `${name}_bucket`) continue;
    const { le: _, ...labels } = sample.labels;
    const key = keyOf(name, labels);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const [key, buckets] of series) {
    const { le: _, ...labels } = buckets[0]?.labels ?? {};
    const bounds = buckets.map((one) => readNumber(one.labels['le'] ?? '', key));
    const counts = buckets.map(({ value }) => value);
    const isRising = (values: readonly number[], isStrict: boolean) =>
      values.every(
        (value, i) => i === 0 || value > (values[i - 1] ?? 0) || (!isStrict && value === values[i - 1]),
      );
    if (!isRising(bounds, true) || !isRising(counts, false)) throw new Error(`buckets do not rise: ${key}`);
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`no bucket +Inf: ${key}`);
    const of = (suffix: string) =>
      samples.find((one) => keyOf(one.name, one.labels) === keyOf(`${name}_${suffix}`, labels));
    if (of('count')?.value !== counts.at(-1)) throw new Error(`the count is not that of +Inf: ${key}`);
    if (of('sum') === undefined) throw new Error(`no sum: ${key}`);
  }
}
