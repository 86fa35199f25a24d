import { type Static, Type } from 'typebox';
import { JobId, QueueName, TaskName, Timestamp } from './values/names.ts';

export const DEFAULT_LEASE_MS = 30_000;
export const MIN_LEASE_MS = 1_000;
export const MAX_LEASE_MS = 600_000;
/** Longest wait for jobs of one request, ms. */
export const MAX_POLL_MS = 30_000;
/** Most jobs that one request takes or settles. */
export const MAX_LEASED = 1_000;
/** Most queues of one lease. */
export const MAX_LEASED_QUEUES = 16;

export const LeaseText = Type.String({
  minLength: 1,
  maxLength: 2_048,
  description: 'The lease that `POST /leases` answered. It is no secret: who reaches the API may use any.',
  examples: ['py-1@host.5f1c0e4b9a7d2c3e8f60a1b2~n5c~img'],
});

const LeaseMs = Type.Integer({
  minimum: MIN_LEASE_MS,
  maximum: MAX_LEASE_MS,
  description:
    'After so many ms without a heartbeat the jobs run elsewhere, and the attempt is lost. Default 30000.',
});

export const Tasks = Type.Array(TaskName, {
  minItems: 1,
  maxItems: 256,
  description:
    'The tasks that the worker has: they become known in its queues. A job of another task fails its attempt as `unknown-task`, and is not handed out. Without it every job is.',
  examples: [['resize']],
});

export const TakeJobs = Type.Object(
  {
    queues: Type.Array(QueueName, {
      minItems: 1,
      maxItems: MAX_LEASED_QUEUES,
      uniqueItems: true,
      description: 'The queues to take from; the first that has jobs comes first.',
    }),
    max: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_LEASED, description: 'Most jobs to take. Default 1.' }),
    ),
    leaseMs: Type.Optional(LeaseMs),
    waitMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_POLL_MS,
        description: 'How long to wait for the first job. Default 0.',
      }),
    ),
    worker: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description:
          'A name for people, such as `name-<pid>@host`; its first 64 characters are shown with the jobs and in the stats.',
      }),
    ),
    tasks: Type.Optional(Tasks),
  },
  {
    additionalProperties: false,
    examples: [{ queues: ['img'], max: 10, waitMs: 30_000, worker: 'py-1@host' }],
  },
);
export type TakeJobs = Static<typeof TakeJobs>;

export const LeasedJob = Type.Object({
  id: JobId,
  queue: QueueName,
  task: TaskName,
  payload: Type.Unknown(),
  attempt: Type.Integer({ minimum: 1 }),
  maxAttempts: Type.Integer({ minimum: 1 }),
  timeoutMs: Type.Integer({ minimum: 1, description: 'The attempt fails when it takes longer than this.' }),
  metadata: Type.Optional(
    Type.Unsafe<Record<string, string>>({ type: 'object', additionalProperties: { type: 'string' } }),
  ),
  createdAt: Timestamp,
});
export type LeasedJob = Static<typeof LeasedJob>;

export const exampleJob = {
  id: 'img~nmfa2k9x0-0',
  queue: 'img',
  task: 'resize',
  payload: { url: 'https://example.com/a.png' },
  attempt: 1,
  maxAttempts: 5,
  timeoutMs: 1_800_000,
  createdAt: '2026-01-31T12:00:00.000Z',
};

export const exampleLease = {
  lease: 'py-1@host.5f1c0e4b9a7d2c3e8f60a1b2~n5c~img',
  expiresAt: '2026-01-31T12:00:30.000Z',
};

export const Taken = Type.Object(
  {
    lease: LeaseText,
    expiresAt: Timestamp,
    jobs: Type.Array(LeasedJob, { description: 'Empty when none came. The lease then ends at once.' }),
  },
  { description: 'The jobs that were handed out.', examples: [{ ...exampleLease, jobs: [exampleJob] }] },
);
export type Taken = Static<typeof Taken>;

export const LeaseParams = Type.Object({ lease: LeaseText });

export const Heartbeat = Type.Object(
  { leaseMs: Type.Optional(LeaseMs) },
  { additionalProperties: false, examples: [{ leaseMs: 30_000 }] },
);

export const HeartbeatAnswer = Type.Object(
  {
    expiresAt: Timestamp,
    cancel: Type.Array(JobId, {
      description: 'Stop these: their cancel was asked, or their timeout is over.',
    }),
    directive: Type.Unsafe<'continue' | 'drain'>({
      type: 'string',
      enum: ['continue', 'drain'],
      description:
        '`drain`: finish what you hold and take nothing for now, since every queue of the lease is paused or this process stops.',
    }),
  },
  {
    description:
      'The lease goes on until expiresAt. That is now where its last job was taken from it: see cancel.',
    examples: [{ expiresAt: exampleLease.expiresAt, cancel: [], directive: 'continue' }],
  },
);
export type HeartbeatAnswer = Static<typeof HeartbeatAnswer>;
