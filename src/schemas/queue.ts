import { type Static, Type } from 'typebox';
import { HeldCounts, noneHeld } from './queues/held.ts';
import { BusiestKeys } from './queues/keys.ts';
import { LIMIT_SETTINGS, SHOWN_LIMITS } from './queues/limits.ts';
import { QueueName, timestamp } from './values/names.ts';
import { Missing, NextCursor } from './values/page.ts';

const exampleCounts = { queued: 2, scheduled: 0, running: 1, retrying: 0, failed: 0 };

const exampleQueue = { name: 'default', paused: false, submitEvents: false, counts: exampleCounts };

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const QueueWorker = Type.Object({
  name: Type.String({ description: 'The lease, as `worker` of its jobs shows it.' }),
  host: Type.String({ description: 'The host of the worker.' }),
  pid: Type.Optional(Type.Integer({ description: 'The process id of the worker.' })),
  running: count('Jobs that the worker runs.'),
  leaseExpiresAt: timestamp('When the lease expires unless a heartbeat renews it.'),
});

const latency = (description: string) =>
  Type.Object(
    {
      p50: Type.Number({ description: 'The median.' }),
      p95: Type.Number({ description: 'The 95th percentile.' }),
      p99: Type.Number({ description: 'The 99th percentile.' }),
    },
    { description: `${description} Milliseconds, over the last five to ten minutes.` },
  );

const MOST_JOBS =
  'The most jobs in the queue that have not ended. The service answers further submits with 429.';

const SUBMIT_EVENTS = 'Whether each stored job makes an event `submitted`.';

const MaxJobs = Type.Integer({ minimum: 1, description: `${MOST_JOBS} Absent: no limit.` });

/** The settings of a queue. An absent member keeps its value. */
export const QueueSettings = Type.Object(
  {
    maxJobs: Type.Optional(
      Type.Unsafe<number | null>({
        anyOf: [{ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }, { type: 'null' }],
        description: `${MOST_JOBS} null: no limit.`,
      }),
    ),
    ...LIMIT_SETTINGS,
    submitEvents: Type.Optional(
      Type.Unsafe<boolean | null>({
        anyOf: [{ type: 'boolean' }, { type: 'null' }],
        description: `${SUBMIT_EVENTS} null: no.`,
      }),
    ),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    description: 'Settings to change. An absent field keeps its value.',
    examples: [{ maxJobs: 100_000 }, { rate: { limit: 100, per: '1s' }, perKey: { concurrency: 1 } }],
  },
);
export type QueueSettings = Static<typeof QueueSettings>;

const Paused = Type.Boolean({ description: 'Whether workers are kept from taking jobs.' });
const PausedUntil = Type.Optional(
  timestamp('When the queue resumes by itself. Absent: only when it is told to.'),
);

const Counts = Type.Object(
  {
    queued: count(
      'Jobs that wait for a worker: new ones, and delayed or retried ones whose time has come. Jobs with `heldBy` are among them.',
    ),
    scheduled: count('Delayed jobs whose start time has not come.'),
    running: count('Jobs that a worker runs.'),
    retrying: count('Jobs that wait for the time of another attempt.'),
    failed: count('Jobs whose attempts are spent: the dead letters.'),
  },
  { description: 'The jobs of the queue by status.' },
);

export const QueueStats = Type.Object(
  {
    queue: QueueName,
    paused: Paused,
    pausedUntil: PausedUntil,
    maxJobs: Type.Optional(MaxJobs),
    counts: Counts,
    held: HeldCounts,
    keys: BusiestKeys,
    lanes: Type.Object(
      {
        critical: count('Queued jobs of priority critical.'),
        high: count('Queued jobs of priority high.'),
        normal: count('Queued jobs of priority normal.'),
        low: count('Queued jobs of priority low.'),
      },
      { description: 'Queued jobs by priority.' },
    ),
    totals: Type.Object(
      {
        submitted: count('Jobs submitted.'),
        completed: count('Jobs completed.'),
        failed: count('Jobs failed after their last attempt.'),
        cancelled: count('Jobs cancelled.'),
        expired: count('Jobs that did not start in time.'),
        retried: count('Attempts that failed and were followed by another.'),
        recovered: count('Jobs taken back from lost workers.'),
        staleCommits: count('Outcomes rejected because the worker had lost its lease.'),
        purged: count('Failed jobs removed.'),
      },
      {
        description:
          'Totals since the queue was created. When nothing moves, `submitted` = sum of `counts` + completed + cancelled + expired + purged.',
      },
    ),
    oldestQueuedMs: Type.Integer({
      minimum: 0,
      description:
        'How long the oldest queued job has waited since it could run, in milliseconds. 0 when none is queued.',
    }),
    workers: Type.Array(QueueWorker, { description: 'The workers with a lease on the queue.' }),
    rates: Type.Object(
      {
        submittedPerMin: Type.Number({ description: 'Jobs submitted per minute.' }),
        completedPerMin: Type.Number({ description: 'Jobs completed per minute.' }),
        failedPerMin: Type.Number({ description: 'Jobs failed per minute.' }),
      },
      { description: 'Rates over about the last minute.' },
    ),
    latency: Type.Object(
      {
        waitMs: Type.Optional(latency('The time from when a job may start to its start.')),
        runMs: Type.Optional(latency('The time of an attempt.')),
      },
      { description: 'Percentiles of waits and runs. Absent members had no jobs.' },
    ),
    subscriptions: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ description: 'The name of the subscription.' }),
          backlog: count('Entries of events not read yet.'),
        }),
        { description: 'The durable subscriptions of the queue. Absent when there are none.' },
      ),
    ),
    memoryBytes: Type.Optional(
      Type.Integer({
        description:
          'The memory of the queue in Redis, in bytes, without results. Absent where Redis refuses MEMORY USAGE.',
      }),
    ),
  },
  {
    $id: 'QueueStats',
    description: 'The counts, rates and workers of a queue at one moment.',
    examples: [
      {
        queue: 'default',
        paused: false,
        counts: exampleCounts,
        held: noneHeld(),
        lanes: { critical: 0, high: 0, normal: 2, low: 0 },
        totals: {
          submitted: 10,
          completed: 7,
          failed: 0,
          cancelled: 0,
          expired: 0,
          retried: 1,
          recovered: 0,
          staleCommits: 0,
          purged: 0,
        },
        oldestQueuedMs: 12,
        workers: [
          {
            name: 'host-1.4711.9f86d081ab',
            host: 'host-1',
            pid: 4711,
            running: 1,
            leaseExpiresAt: '2026-01-31T12:00:15.000Z',
          },
        ],
        rates: { submittedPerMin: 10, completedPerMin: 7, failedPerMin: 0 },
        latency: { waitMs: { p50: 1.3, p95: 4, p99: 5.3 }, runMs: { p50: 2, p95: 9.2, p99: 12.2 } },
        memoryBytes: 9624,
      },
    ],
  },
);
export type QueueStats = Static<typeof QueueStats>;

export const QueueSummary = Type.Object(
  {
    name: QueueName,
    paused: Paused,
    pausedUntil: PausedUntil,
    maxJobs: Type.Optional(MaxJobs),
    ...SHOWN_LIMITS,
    submitEvents: Type.Boolean({ description: SUBMIT_EVENTS }),
    counts: Counts,
  },
  {
    description: 'A queue, its settings and its counts.',
    examples: [exampleQueue],
  },
);
export type QueueSummary = Static<typeof QueueSummary>;

/** What a removal of a queue has left. */
export const QueueRemains = Type.Object(
  {
    name: QueueName,
    counts: Counts,
    schedules: count('Schedules whose jobs go to the queue.'),
  },
  {
    description: 'What is left of the queue. Repeat the request until it answers 204.',
    examples: [{ name: 'default', counts: exampleCounts, schedules: 0 }],
  },
);
export type QueueRemains = Static<typeof QueueRemains>;

export const QueueList = Type.Object(
  {
    items: Type.Array(QueueSummary, { description: 'The queues of this page.' }),
    nextCursor: NextCursor,
    missing: Missing,
  },
  {
    description: 'A page of all queues, ordered by name.',
    examples: [{ items: [exampleQueue] }],
  },
);
export type QueueList = Static<typeof QueueList>;
