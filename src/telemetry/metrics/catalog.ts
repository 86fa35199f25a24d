/** One metric, as docs/reference/metrics.md lists it. */
export interface MetricHead {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly labels: readonly string[];
  /** Which processes show it. */
  readonly shownBy: 'API' | 'both';
  readonly help: string;
}

/** All metrics of the service. Node's own are beside them; prom-client names those. */
export const METRICS = {
  queueJobs: {
    name: 'millrace_queue_jobs',
    type: 'gauge',
    labels: ['queue', 'status'],
    shownBy: 'API',
    help: 'Jobs in a queue now, by status: queued, scheduled, running, retrying, failed.',
  },
  queueHeld: {
    name: 'millrace_queue_held_jobs',
    type: 'gauge',
    labels: ['queue', 'reason'],
    shownBy: 'API',
    help: 'Queued jobs that are not handed out now, by why: `heldBy` of the job. Absent: none.',
  },
  queueOldest: {
    name: 'millrace_queue_oldest_seconds',
    type: 'gauge',
    labels: ['queue'],
    shownBy: 'API',
    help: 'How long the oldest queued job has been ready to run. 0 without one.',
  },
  queuePaused: {
    name: 'millrace_queue_paused',
    type: 'gauge',
    labels: ['queue'],
    shownBy: 'API',
    help: '1 while the queue is paused, else 0.',
  },
  queueWorkers: {
    name: 'millrace_queue_workers',
    type: 'gauge',
    labels: ['queue'],
    shownBy: 'API',
    help: 'Live workers that take jobs of the queue, of both kinds. One that drains does not count.',
  },
  jobs: {
    name: 'millrace_jobs_total',
    type: 'counter',
    labels: ['queue', 'event'],
    shownBy: 'both',
    help: 'Jobs by what happened to them, counted by the process that did it: submitted, completed, failed, retried, recovered, stale, cancelled, expired.',
  },
  jobWait: {
    name: 'millrace_job_wait_seconds',
    type: 'histogram',
    labels: ['queue', 'task'],
    shownBy: 'both',
    help: 'How long a job was ready before an attempt began.',
  },
  jobRun: {
    name: 'millrace_job_run_seconds',
    type: 'histogram',
    labels: ['queue', 'task'],
    shownBy: 'both',
    help: 'How long an attempt ran that completed or failed. Over HTTP: from taken to settled.',
  },
  httpRequest: {
    name: 'millrace_http_request_duration_seconds',
    type: 'histogram',
    labels: ['route', 'method', 'status'],
    shownBy: 'API',
    help: 'From the arrival of a request to the end of its answer, waits included. Route "none": no route fits.',
  },
  ready: {
    name: 'millrace_ready',
    type: 'gauge',
    labels: [],
    shownBy: 'both',
    help: '1 while the process is ready, as /readyz says, else 0.',
  },
  redisUp: {
    name: 'millrace_redis_up',
    type: 'gauge',
    labels: [],
    shownBy: 'both',
    help: '1 if Redis answered this scrape, else 0.',
  },
  redisMemory: {
    name: 'millrace_redis_memory_bytes',
    type: 'gauge',
    labels: [],
    shownBy: 'both',
    help: 'Memory that Redis uses: used_memory.',
  },
  redisMemoryMax: {
    name: 'millrace_redis_memory_max_bytes',
    type: 'gauge',
    labels: [],
    shownBy: 'both',
    help: 'Memory that Redis may use: maxmemory. 0 without a limit.',
  },
} as const satisfies Readonly<Record<string, MetricHead>>;
