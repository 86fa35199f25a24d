import { setImmediate as nextTurn } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Clock } from '../../clock.ts';
import type { QueueFigures } from '../../queues/figures.ts';
import { METRICS, type MetricHead } from './catalog.ts';
import { JOB_COUNTS, JOB_SECONDS, type JobMetrics } from './job-metrics.ts';
import { REQUEST_SECONDS, type RequestMetrics } from './request-metrics.ts';
import type { SeriesByPair } from './series.ts';
import type { Tally } from './tally.ts';
import { type Labels, TallyHistogram } from './tally-histogram.ts';

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
  /** Sets the gauges. */
  readonly show: (seen: Look) => void;
}

function createMetrics({ jobs, requests, queues }: MetricSources): Metrics {
  const registry = new Registry();
  const showQueues = queues === undefined ? undefined : queueGauges(registry);
  addJobMetrics(registry, jobs);
  if (requests !== undefined) addRequestMetrics(registry, requests);
  const showService = serviceGauges(registry);
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    show: (seen) => {
      showQueues?.(seen.queues);
      showService(seen);
    },
  };
}

const gauge = (registry: Registry, { name, help, labels }: MetricHead) =>
  new Gauge<string>({ name, help, labelNames: [...labels], registers: [registry] });

function queueGauges(registry: Registry): (figures: readonly QueueFigures[]) => void {
  const jobs = gauge(registry, METRICS.queueJobs);
  const oldest = gauge(registry, METRICS.queueOldest);
  const paused = gauge(registry, METRICS.queuePaused);
  const workers = gauge(registry, METRICS.queueWorkers);
  return (figures) => {
    for (const one of [jobs, oldest, paused, workers]) one.reset();
    for (const { queue, counts, oldestMs, isPaused, workers: live } of figures) {
      for (const [status, count] of Object.entries(counts)) jobs.set({ queue, status }, count);
      oldest.set({ queue }, oldestMs / 1_000);
      paused.set({ queue }, isPaused ? 1 : 0);
      workers.set({ queue }, live);
    }
  };
}

function serviceGauges(registry: Registry): (seen: Look) => void {
  const ready = gauge(registry, METRICS.ready);
  const up = gauge(registry, METRICS.redisUp);
  const used = gauge(registry, METRICS.redisMemory);
  const max = gauge(registry, METRICS.redisMemoryMax);
  return ({ isReady, memory }) => {
    ready.set(isReady ? 1 : 0);
    up.set(memory === undefined ? 0 : 1);
    // What Redis does not tell now is left out.
    for (const [one, bytes] of [
      [used, memory?.usedBytes],
      [max, memory?.maxBytes],
    ] as const) {
      if (bytes === undefined) one.remove();
      else one.set(bytes);
    }
  };
}

function addJobMetrics(registry: Registry, jobs: JobMetrics): void {
  const { name, help, labels } = METRICS.jobs;
  new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset();
      // All events of a queue that had one: a counter that comes with its first event would hide it from a rate.
      for (const [queue, counts] of jobs.counts) {
        for (const event of JOB_COUNTS) this.inc({ queue, event }, counts[event]);
      }
    },
  });
  new TallyHistogram(registry, METRICS.jobWait, JOB_SECONDS, () => byTask(jobs.waits));
  new TallyHistogram(registry, METRICS.jobRun, JOB_SECONDS, () => byTask(jobs.runs));
}

function* byTask(series: SeriesByPair<Tally>): Iterable<readonly [Labels, Tally]> {
  for (const [queue, task, tally] of series) yield [{ queue, task }, tally];
}

function addRequestMetrics(registry: Registry, requests: RequestMetrics): void {
  new TallyHistogram(registry, METRICS.httpRequest, REQUEST_SECONDS, function* () {
    for (const { route, method, status, tally } of requests.series) {
      yield [{ route: route === '' ? 'none' : route, method, status: String(status) }, tally];
    }
  });
}
