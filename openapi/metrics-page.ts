import type { MetricHead } from '../src/telemetry/metrics/catalog.ts';
import { table } from './markdown.ts';

const INTRO = `# Metrics and health

Made by \`npm run docs\` from \`src/telemetry/metrics/catalog.ts\` and \`openapi/metrics-page.ts\`; do not edit.

## Where to scrape

| process | where | needs |
|---|---|---|
| API | \`GET /metrics\` on its port | a key with the scope \`read\` for all queues, with \`AUTH=keys\` |
| API with \`METRICS_PORT\` | \`GET /metrics\` on that port | nothing: see \`METRICS_HOST\` |
| worker with \`HEALTH_PORT\` | \`GET /metrics\`, \`/livez\`, \`/readyz\` on that port | nothing: see \`METRICS_HOST\` |

Scrape every API process and every worker. The text is Prometheus format 0.0.4. Scrapes of a process within one second share
one text. \`METRICS=off\` counts nothing, and there is no \`/metrics\`.

Both further ports listen on \`METRICS_HOST\`, or on \`HOST\` without it. They show names of queues and tasks to everybody who
reaches them. They show no job, payload or key.
`;

const MEANING = `## How to read them

- **Gauges of queues and of Redis** are read from Redis: each API process shows the same. Use \`max\`, as in
  \`max by (queue, status) (millrace_queue_jobs)\`. A sum counts each job once for each API process.
- **Counters and histograms** belong to the process that did the work: the API that stored a job, the worker that ran it. Use
  \`sum\`, as in \`sum by (queue) (rate(millrace_jobs_total{event="failed"}[5m]))\`. A worker adds up its processes. One
  that is killed takes the counts of its last second along.
- \`retried\` counts failed attempts that another attempt follows, \`failed\` jobs whose attempts are spent, \`stale\` reports of
  a worker that had lost the job. \`GET /queues/{name}/stats\` has the totals of all time.
- **Node's own** metrics (\`process_*\`, \`nodejs_*\`) are those of the API process, or of the parent process of a worker.
- **Bounds:** a process shows at most 1,000 values of \`queue\`, and at most 1,000 pairs of \`queue\` and \`task\`. What comes after
  has the label \`other\`. With more than 1,000 queues the gauges of the rest are read in turn, 200 in each scrape.
- While Redis is away, a scrape still answers: \`millrace_redis_up\` is 0, and the gauges of queues are left out.

## Readiness

\`GET /livez\` answers 200 while the process answers at all. \`GET /readyz\` answers 200 or, with \`reasons\`, 503. It looks at that
moment and takes little more than a second, whatever hangs.

- **API:** Redis answers, is a primary of version 7.0 or newer outside of a cluster, has loaded its data, takes writes and evicts
  nothing; the process does not stop.
- **Worker:** Redis answers, as above. Every process has started, its event loop has moved within 3 s, its lease stands
  in Redis on every queue, and every queue was read within twice the time that a read may block (10 s; less with a \`LEASE_MS\`
  below 10 s). A process with all its slots in use need not read.

A task that computes for more than 3 s without a pause makes its worker not ready. Nothing else follows from that: the
worker keeps its jobs. Run such tasks with \`thread: true\` ([tasks.md](tasks.md)).
`;

/** docs/reference/metrics.md: every metric of the service. */
export function metricsPage(metrics: readonly MetricHead[]): string {
  const rows = metrics.map(({ name, type, labels, shownBy, help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', ') || 'none',
    shownBy === 'both' ? 'API, worker' : shownBy,
    help,
  ]);
  const head = ['metric', 'type', 'labels', 'shown by', 'meaning'];
  return `${[INTRO.trimEnd(), '## Metrics', table(head, rows), MEANING.trimEnd()].join('\n\n')}\n`;
}
