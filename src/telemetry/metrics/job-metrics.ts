import type { Listener, ServiceEvent, ServiceEventKind } from '../../observer.ts';
import { SeriesByName, SeriesByPair } from './series.ts';
import { Tally } from './tally.ts';

/** What `millrace_jobs_total` counts. */
export const JOB_COUNTS = [
  'submitted',
  'completed',
  'failed',
  'retried',
  'recovered',
  'stale',
  'cancelled',
  'expired',
] as const;
export type JobCount = (typeof JOB_COUNTS)[number];

/** Bounds of the waits and runs of jobs, s. */
export const JOB_SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200] as const;

const SECOND_MS = 1_000;

const KINDS: ReadonlySet<ServiceEventKind> = new Set([
  'jobs-submitted',
  'schedule-fired',
  'attempt-started',
  'attempt-ended',
  'stale',
  'recovered',
  'job-cancelled',
  'jobs-cancelled',
  'jobs-expired',
]);

type Counts = Record<JobCount, number>;
type Times = readonly [queue: string, task: string, sum: number, counts: readonly number[]];

/** What one process has counted since it last told: only what has changed. */
export interface MetricsBatch {
  readonly counts: readonly (readonly [queue: string, counts: Partial<Counts>])[];
  readonly waits: readonly Times[];
  readonly runs: readonly Times[];
}

/** Whether a process of a worker counts jobs: where nobody can ask for the counts, nothing is counted. */
export const countsJobs = ({ metrics, healthPort }: { metrics: 'on' | 'off'; healthPort: number }): boolean =>
  metrics === 'on' && healthPort > 0;

const newCounts = (): Counts => ({
  submitted: 0,
  completed: 0,
  failed: 0,
  retried: 0,
  recovered: 0,
  stale: 0,
  cancelled: 0,
  expired: 0,
});
const newTally = () => new Tally(JOB_SECONDS);

/**
 * Counts jobs, and the times of attempts, out of service events. Each job is counted by the process that moved it, so
 * that the sum over all processes counts it once. Holds numbers for at most 1,000 queues and 1,000 pairs of queue and task.
 */
export class JobMetrics implements Listener {
  readonly counts = new SeriesByName(newCounts);
  readonly waits = new SeriesByPair(newTally);
  readonly runs = new SeriesByPair(newTally);
  #hasNews = false;

  readonly wants = (kind: ServiceEventKind): boolean => KINDS.has(kind);

  readonly observe = (event: ServiceEvent): void => {
    this.#hasNews = true;
    switch (event.kind) {
      case 'jobs-submitted':
      case 'schedule-fired':
        this.counts.of(event.queue).submitted += event.jobs;
        break;
      case 'attempt-started':
        this.waits.of(event.queue, event.task).record(event.waitMs / SECOND_MS);
        break;
      case 'attempt-ended':
        this.#attemptEnded(event);
        break;
      case 'stale':
        this.counts.of(event.queue).stale += 1;
        break;
      case 'recovered':
        this.counts.of(event.queue).recovered += event.jobs;
        break;
      case 'job-cancelled':
        if (event.done) this.counts.of(event.queue).cancelled += 1;
        break;
      case 'jobs-cancelled':
        this.counts.of(event.queue).cancelled += event.jobs;
        break;
      case 'jobs-expired':
        this.counts.of(event.queue).expired += event.jobs;
        break;
    }
  };

  /** What was counted since the last call; undefined when it is nothing. Starts again from zero. */
  takeBatch(): MetricsBatch | undefined {
    if (!this.#hasNews) return undefined;
    this.#hasNews = false;
    const counts: [string, Partial<Counts>][] = [];
    for (const [queue, values] of this.counts) {
      const changed = Object.entries(values).filter(([, count]) => count > 0);
      if (changed.length > 0) counts.push([queue, Object.fromEntries(changed)]);
      Object.assign(values, newCounts());
    }
    return { counts, waits: takeTimes(this.waits), runs: takeTimes(this.runs) };
  }

  /** Adds what another process has counted. */
  add({ counts, waits, runs }: MetricsBatch): void {
    this.#hasNews = true;
    for (const [queue, changed] of counts) {
      const values = this.counts.of(queue);
      for (const name of JOB_COUNTS) values[name] += changed[name] ?? 0;
    }
    for (const [queue, task, sum, buckets] of waits) this.waits.of(queue, task).add(sum, buckets);
    for (const [queue, task, sum, buckets] of runs) this.runs.of(queue, task).add(sum, buckets);
  }

  #attemptEnded(event: Extract<ServiceEvent, { kind: 'attempt-ended' }>): void {
    const { queue, task, outcome, status, runMs, repeated } = event;
    // An earlier report of the same end was counted; `stale` has an event of its own.
    if (repeated === true || status === 'stale') return;
    if (outcome === 'completed' || outcome === 'failed') {
      this.runs.of(queue, task).record(runMs / SECOND_MS);
    }
    const name = countOf(outcome, status);
    if (name !== undefined) this.counts.of(queue)[name] += 1;
  }
}

type Ended = Extract<ServiceEvent, { kind: 'attempt-ended' }>;

function countOf(outcome: Ended['outcome'], status: Ended['status']): JobCount | undefined {
  if (status === 'queued' || status === 'retrying') return outcome === 'failed' ? 'retried' : undefined;
  return status;
}

function takeTimes(series: SeriesByPair<Tally>): Times[] {
  const taken: Times[] = [];
  for (const [queue, task, tally] of series) {
    if (tally.isEmpty) continue;
    taken.push([queue, task, tally.sum, [...tally.counts]]);
    tally.reset();
  }
  return taken;
}
