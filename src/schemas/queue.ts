import { type Static, Type } from 'typebox';
import { JobId, QueueName, Timestamp } from './names.ts';

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

export const QueueStats = Type.Object(
  {
    queue: QueueName,
    paused: Type.Boolean(),
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
    memoryBytes: Type.Integer({ description: "The queue's keys in Redis, results not counted." }),
  },
  { $id: 'QueueStats' },
);
export type QueueStats = Static<typeof QueueStats>;

export const QueueSummary = Type.Object({
  name: QueueName,
  paused: Type.Boolean(),
  counts: Type.Object({
    queued: Count,
    scheduled: Count,
    running: Count,
    retrying: Count,
    failed: Count,
  }),
});
export type QueueSummary = Static<typeof QueueSummary>;

export const PendingJob = Type.Object({
  id: JobId,
  task: Type.Optional(Type.String()),
  worker: Type.String(),
  attempt: Type.Integer(),
  startedAt: Timestamp,
  runningMs: Type.Integer({ minimum: 0 }),
});
export type PendingJob = Static<typeof PendingJob>;
