import { setImmediate as nextTurn } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Clock } from '../../clock.ts';
import type { QueueFigures } from '../../queues/figures.ts';
import { METRICS, type MetricHead } from './catalog.ts';
import { JOB_COUNTS, type JobMetrics } from './job-metrics.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { SeriesByPair } from './series.ts';
import type { Tally } from './tally.ts';
import { histogramValues, type Labels, WrittenMetric } from './written-metric.ts';

/** One text serves all scrapes of this time, ms. */
const FRESH_MS = 1_000;

export interface RedisMemory {
  readonly usedBytes: number;
  readonly maxBytes: number;
}

/** Where the figures come from. What rejects is left out of the text, or is 0. */
export interface MetricSources {
  readonly jobs: JobMetrics;
  readonly isReady: () => Promise<boolean>;
  readonly redisMemory: () => Promise<RedisMemory>;
  /** Absent in a worker. */
  readonly requests?: RequestMetrics;
  /** Absent in a worker. */
  readonly queues?: () => Promise<readonly QueueFigures[]>;
}

/** Writes the metrics of this process as Prometheus text, at most once a second. Before the first scrape it costs nothing. */
export class Exposition {
  /** The media type of the text. */
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #sources: MetricSources;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #metrics: Metrics | undefined;
  #text: Promise<string> | undefined;
  /** When the last text was done, monotonic ms. Undefined while one is written. */
  #writtenAt: number | undefined = Number.NEGATIVE_INFINITY;

  constructor(sources: MetricSources, clock: Pick<Clock, 'monotonic'>) {
    this.#sources = sources;
    this.#clock = clock;
  }

  /** Scrapes at the same time, or within a second, share one text. */
  read(): Promise<string> {
    const isFresh = this.#writtenAt === undefined || this.#clock.monotonic() - this.#writtenAt < FRESH_MS;
    if (this.#text !== undefined && isFresh) return this.#text;
    this.#writtenAt = undefined;
    this.#text = this.#write().finally(() => {
      this.#writtenAt = this.#clock.monotonic();
    });
    return this.#text;
  }

  async #write(): Promise<string> {
    this.#metrics ??= createMetrics(this.#sources);
    const { registry, show } = this.#metrics;
    show(await look(this.#sources));
    const parts: string[] = [];
    for (const { name } of registry.getMetricsAsArray()) {
      parts.push(await registry.getSingleMetricAsString(name));
      // Each metric may have thousands of lines: requests get their turn in between.
      await nextTurn();
    }
    return `${parts.join('\n')}\n`;
  }
}

interface Look {
  readonly isReady: boolean;
  readonly memory: RedisMemory | undefined;
  readonly queues: readonly QueueFigures[];
}

async function look({ isReady, redisMemory, queues }: MetricSources): Promise<Look> {
  const [ready, memory, figures] = await Promise.all([
    isReady().catch(() => false),
    redisMemory().catch(() => undefined),
    queues?.().catch(() => []) ?? [],
  ]);
  return { isReady: ready, memory, queues: figures };
}

interface Metrics {
  readonly registry: Registry;
  /** Sets what the next text shows. */
  readonly show: (seen: Look) => void;
}

function createMetrics({ jobs, requests, queues }: MetricSources): Metrics {
  const registry = new Registry();
  const shown: { look: Look } = { look: { isReady: false, memory: undefined, queues: [] } };
  if (queues !== undefined) addQueueMetrics(registry, () => shown.look.queues);
  addJobMetrics(registry, jobs);
  if (requests !== undefined) addRequestMetrics(registry, requests);
  addServiceMetrics(registry, () => shown.look);
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    show: (look) => {
      shown.look = look;
    },
  };
}

function addQueueMetrics(registry: Registry, figures: () => readonly QueueFigures[]): void {
  const add = (head: MetricHead, read: (one: QueueFigures) => number) =>
    new WrittenMetric(registry, head, () =>
      figures().map((one) => ({ labels: { queue: one.queue }, value: read(one) })),
    );
  new WrittenMetric(registry, METRICS.queueJobs, () =>
    figures().flatMap(({ queue, counts }) => {
      const sharedLabels = { queue };
      return Object.entries(counts).map(([status, value]) => ({ labels: { status }, sharedLabels, value }));
    }),
  );
  new WrittenMetric(registry, METRICS.queueHeld, () =>
    figures().flatMap(({ queue, held }) => {
      const sharedLabels = { queue };
      const some = Object.entries(held).filter(([, value]) => value > 0);
      return some.map(([reason, value]) => ({ labels: { reason }, sharedLabels, value }));
    }),
  );
  add(METRICS.queueOldest, ({ oldestMs }) => oldestMs / 1_000);
  add(METRICS.queuePaused, ({ isPaused }) => (isPaused ? 1 : 0));
  add(METRICS.queueWorkers, ({ workers }) => workers);
}

function addServiceMetrics(registry: Registry, look: () => Look): void {
  const add = (head: MetricHead, read: (seen: Look) => number | undefined) =>
    new WrittenMetric(registry, head, () => {
      const value = read(look());
      // What Redis does not tell now is left out.
      return value === undefined ? [] : [{ labels: {}, value }];
    });
  add(METRICS.ready, ({ isReady }) => (isReady ? 1 : 0));
  add(METRICS.redisUp, ({ memory }) => (memory === undefined ? 0 : 1));
  add(METRICS.redisMemory, ({ memory }) => memory?.usedBytes);
  add(METRICS.redisMemoryMax, ({ memory }) => memory?.maxBytes);
}

function addJobMetrics(registry: Registry, jobs: JobMetrics): void {
  new WrittenMetric(registry, METRICS.jobs, () =>
    // All events of a queue that had one: a counter that comes with its first event would hide it from a rate.
    [...jobs.counts].flatMap(([queue, counts]) => {
      const sharedLabels = { queue };
      return JOB_COUNTS.map((event) => ({ labels: { event }, sharedLabels, value: counts[event] }));
    }),
  );
  for (const [head, series] of [
    [METRICS.jobWait, jobs.waits],
    [METRICS.jobRun, jobs.runs],
  ] as const) {
    new WrittenMetric(registry, head, () => histogramValues(head, byTask(series)));
  }
}

function* byTask(series: SeriesByPair<Tally>): Iterable<readonly [Labels, Tally]> {
  for (const [queue, task, tally] of series) yield [{ queue, task }, tally];
}

function addRequestMetrics(registry: Registry, requests: RequestMetrics): void {
  const head = METRICS.httpRequest;
  new WrittenMetric(registry, head, () =>
    histogramValues(
      head,
      requests.series.map(({ route, method, status, tally }) => [
        { route: route === '' ? 'none' : route, method, status: String(status) },
        tally,
      ]),
    ),
  );
}
