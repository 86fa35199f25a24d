import type { QueueStats, QueueSummary } from '../../schemas/queue.ts';
import type { Detail } from './printer.ts';
import type { Column } from './table.ts';

const COUNTS = ['queued', 'scheduled', 'running', 'retrying', 'failed'] as const;

const stateOf = ({ paused, pausedUntil }: Pick<QueueSummary, 'paused' | 'pausedUntil'>): string =>
  paused ? `paused${pausedUntil === undefined ? '' : ` until ${pausedUntil}`}` : 'open';

const rateText = (rate: QueueSummary['rate']): string | undefined =>
  rate && `${rate.limit} in ${rate.per} ms, at most ${rate.burst} at once`;

export const QUEUE_COLUMNS: readonly Column<QueueSummary>[] = [
  { title: 'QUEUE', of: ({ name }) => name },
  ...COUNTS.map(
    (status): Column<QueueSummary> => ({
      title: status.toUpperCase(),
      of: ({ counts }) => counts[status],
      side: 'right',
      style: ({ counts }) => (status === 'failed' && counts.failed > 0 ? 'red' : undefined),
    }),
  ),
  { title: 'STATE', of: stateOf, style: ({ paused }) => (paused ? 'yellow' : undefined) },
];

/** A queue with its settings, for people. */
export const queueDetails = (queue: QueueSummary): Detail[] => [
  ['queue', queue.name],
  ['state', stateOf(queue), queue.paused ? 'yellow' : 'green'],
  ...COUNTS.map((status): Detail => [status, queue.counts[status]]),
  ['max jobs', queue.maxJobs],
  ['concurrency', queue.concurrency],
  ['rate', rateText(queue.rate)],
  ['per key', queue.perKey && JSON.stringify(queue.perKey)],
  ['fair', queue.fair === undefined ? undefined : String(queue.fair)],
  ['submit events', queue.submitEvents ? 'yes' : undefined],
];

type Percentiles = QueueStats['latency']['waitMs'];

const percentiles = (values: Percentiles): string | undefined =>
  values && `p50 ${values.p50} ms, p95 ${values.p95} ms, p99 ${values.p99} ms`;

/** The statistics of a queue, for people. */
export const statsDetails = (stats: QueueStats): Detail[] => [
  ['queue', stats.queue],
  ['state', stateOf(stats), stats.paused ? 'yellow' : 'green'],
  ...COUNTS.map((status): Detail => {
    const isBad = status === 'failed' && stats.counts.failed > 0;
    return [status, stats.counts[status], isBad ? 'red' : undefined];
  }),
  ['lanes', countsText(stats.lanes)],
  ['oldest', `${(stats.oldestQueuedMs / 1_000).toFixed(1)} s`],
  ['submitted', `${stats.totals.submitted} in all, ${stats.rates.submittedPerMin} a minute`],
  ['completed', `${stats.totals.completed} in all, ${stats.rates.completedPerMin} a minute`],
  ['gave up', `${stats.totals.failed} in all, ${stats.rates.failedPerMin} a minute`],
  ['wait', percentiles(stats.latency.waitMs)],
  ['run', percentiles(stats.latency.runMs)],
  ['workers', stats.workers.length, stats.workers.length === 0 ? 'yellow' : undefined],
  ['memory', stats.memoryBytes === undefined ? undefined : `${(stats.memoryBytes / 2 ** 20).toFixed(1)} MiB`],
];

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
