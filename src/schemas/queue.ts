import { type Static, Type } from 'typebox';
import { JobId, QueueName, TaskName, Timestamp } from './values/names.ts';

const exampleCounts = { queued: 2, scheduled: 0, running: 1, retrying: 0, failed: 0 };

const Count = Type.Integer({ minimum: 0 });

export const QueueWorker = Type.Object({
  name: Type.String({ description: 'The lease, as shown in the jobs it runs.' }),
  host: Type.String(),
  pid: Type.Optional(Type.Integer()),
  running: Count,
  leaseExpiresAt: Timestamp,
});

const Latency = Type.Object(
  { p50: Type.Number(), p95: Type.Number(), p99: Type.Number() },
  { description: 'Milliseconds, over the last five to ten minutes.' },
);

const MOST_JOBS = 'Most jobs of the queue that have not ended; submits beyond are answered 429.';

const MaxJobs = Type.Integer({ minimum: 1, description: MOST_JOBS });

/** What can be set of a queue; a member that is left out stays as it is. */
export const QueueSettings = Type.Object(
  {
    maxJobs: Type.Optional(
      Type.Unsafe<number | null>({
        anyOf: [{ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER }, { type: 'null' }],
        description: `${MOST_JOBS} null: no limit.`,
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ maxJobs: 100_000 }] },
);
export type QueueSettings = Static<typeof QueueSettings>;

/** Which dead letters, of the next ones to be looked at. */
export const DeadSelection = Type.Object(
  {
    task: Type.Optional(TaskName),
    error: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_000,
        description: 'Only jobs whose last error has this text in its `name: message`.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: 'How many to look at. Default 100.' }),
    ),
    cursor: Type.Optional(
      Type.String({ maxLength: 256, description: 'nextCursor of the step before, unchanged.' }),
    ),
  },
  { additionalProperties: false, examples: [{ task: 'fib', error: 'timeout' }] },
);
export type DeadSelection = Static<typeof DeadSelection>;

export const DeadStep = Type.Object(
  {
    count: Type.Integer({ minimum: 0, description: 'Jobs of this step that were selected.' }),
    nextCursor: Type.Optional(Type.String({ description: 'There are more to look at: call again with it.' })),
  },
  { description: 'What one step has done.', examples: [{ count: 42 }] },
);

export const QueueStats = Type.Object(
  {
    queue: QueueName,
    paused: Type.Boolean(),
    maxJobs: Type.Optional(MaxJobs),
    counts: Type.Object(
      { queued: Count, scheduled: Count, running: Count, retrying: Count, failed: Count },
      { description: 'Jobs by the place where they are now.' },
    ),
    lanes: Type.Object(
      { critical: Count, high: Count, normal: Count, low: Count },
      { description: 'Queued jobs by priority.' },
    ),
    totals: Type.Object(
      {
        submitted: Count,
        completed: Count,
        failed: Count,
        cancelled: Count,
        expired: Count,
        retried: Count,
        recovered: Count,
        staleCommits: Count,
        purged: Count,
      },
      {
        description:
          'Since the queue began. At rest submitted = sum of counts + completed + cancelled + expired + purged.',
      },
    ),
    oldestQueuedMs: Type.Integer({ minimum: 0, description: 'Age of the oldest queued job; 0 when none.' }),
    workers: Type.Array(QueueWorker),
    rates: Type.Object(
      {
        submittedPerMin: Type.Number(),
        completedPerMin: Type.Number(),
        failedPerMin: Type.Number(),
      },
      { description: 'Over about the last minute.' },
    ),
    latency: Type.Object({ waitMs: Type.Optional(Latency), runMs: Type.Optional(Latency) }),
    subscriptions: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), backlog: Count }), {
        description:
          'Durable subscriptions to its events, if there are any, and the entries that wait for each.',
      }),
    ),
    memoryBytes: Type.Integer({ description: "The queue's keys in Redis, results not counted." }),
  },
  {
    $id: 'QueueStats',
    description: 'The queue, counted at one moment.',
    examples: [
      {
        queue: 'default',
        paused: false,
        counts: exampleCounts,
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
    paused: Type.Boolean(),
    maxJobs: Type.Optional(MaxJobs),
    counts: Type.Object({
      queued: Count,
      scheduled: Count,
      running: Count,
      retrying: Count,
      failed: Count,
    }),
  },
  { description: 'A queue.', examples: [{ name: 'default', paused: false, counts: exampleCounts }] },
);
export type QueueSummary = Static<typeof QueueSummary>;

export const PendingJob = Type.Object({
  id: JobId,
  queue: QueueName,
  task: Type.Optional(Type.String()),
  worker: Type.String(),
  attempt: Type.Integer(),
  startedAt: Timestamp,
  runningMs: Type.Integer({ minimum: 0 }),
});
export type PendingJob = Static<typeof PendingJob>;

export const QueueList = Type.Object(
  { items: Type.Array(QueueSummary) },
  {
    description: 'All queues, by name.',
    examples: [{ items: [{ name: 'default', paused: false, counts: exampleCounts }] }],
  },
);

export const PendingList = Type.Object(
  { items: Type.Array(PendingJob) },
  {
    description: 'Running jobs.',
    examples: [
      {
        items: [
          {
            id: 'default~nmfa2k9x0-0',
            queue: 'default',
            task: 'fib',
            worker: 'host-1.4711.9f86d081ab',
            attempt: 1,
            startedAt: '2026-01-31T12:00:00.003Z',
            runningMs: 140,
          },
        ],
      },
    ],
  },
);
