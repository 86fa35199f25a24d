import { type Static, Type } from 'typebox';
import { MaxAttempts } from './values/attempts.ts';
import { JobId, QueueName, TaskName, timestamp } from './values/names.ts';
import { Trace } from './values/trace.ts';

export const DEFAULT_LEASE_MS = 30_000;
export const MIN_LEASE_MS = 1_000;
export const MAX_LEASE_MS = 600_000;
/** The longest wait for jobs of one request, ms. */
export const MAX_POLL_MS = 30_000;
/** The most jobs that one request takes or settles. */
export const MAX_LEASED = 1_000;
/** The most queues of one lease. */
export const MAX_LEASED_QUEUES = 16;

export const LeaseToken = Type.String({
  minLength: 1,
  maxLength: 2_048,
  description: 'The lease from `POST /leases`. It is not a secret: every client of the API can use it.',
  examples: ['py-1@host.5f1c0e4b9a7d2c3e8f60a1b2~n5c~img'],
});

const LeaseMs = Type.Integer({
  minimum: MIN_LEASE_MS,
  maximum: MAX_LEASE_MS,
  description:
    'Milliseconds without a heartbeat after which the lease expires. Its jobs then go to other workers, and the attempt is spent. Default 30000.',
});

export const Tasks = Type.Array(TaskName, {
  minItems: 1,
  maxItems: 256,
  description:
    'The tasks that the worker can run. The service announces them in the queues. A job of another task is not handed out: it waits for a worker that has the task. Absent: the worker gets every job.',
  examples: [['resize']],
});

export const TakeJobs = Type.Object(
  {
    queues: Type.Array(QueueName, {
      minItems: 1,
      maxItems: MAX_LEASED_QUEUES,
      uniqueItems: true,
      description:
        'The queues to take from, in order of preference. While the first is full, one job in sixteen comes from the others.',
    }),
    max: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_LEASED, description: 'The most jobs to take. Default 1.' }),
    ),
    leaseMs: Type.Optional(LeaseMs),
    waitMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_POLL_MS,
        description: 'The longest wait for the first job, in milliseconds. Default 0.',
      }),
    ),
    worker: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description:
          'A name for people, such as `name-<pid>@host`. Jobs and stats show its first 64 characters.',
      }),
    ),
    tasks: Type.Optional(Tasks),
  },
  {
    additionalProperties: false,
    description: 'Which jobs to take, and for how long.',
    examples: [{ queues: ['img'], max: 10, waitMs: 30_000, worker: 'py-1@host' }],
  },
);
export type TakeJobs = Static<typeof TakeJobs>;

export const LeasedJob = Type.Object({
  id: JobId,
  queue: QueueName,
  task: TaskName,
  payload: Type.Unknown({ description: 'The input of the task.' }),
  checkpoint: Type.Optional(
    Type.Unknown({
      description: 'What an earlier attempt left for this one with `POST /jobs/{id}/checkpoint`.',
    }),
  ),
  attempt: Type.Integer({ minimum: 1, description: 'This attempt, counted from 1.' }),
  maxAttempts: MaxAttempts,
  timeoutMs: Type.Integer({
    minimum: 1,
    description: 'The attempt fails if it takes longer, in milliseconds.',
  }),
  key: Type.Optional(Type.String({ description: 'The key given at submit.' })),
  metadata: Type.Optional(
    Type.Unsafe<Record<string, string>>({
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'The labels given at submit.',
    }),
  ),
  trace: Type.Optional(Trace),
  createdAt: timestamp('When the job was stored.'),
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

/** For a worker that somebody drains. */
export const DrainDirective = Type.Unsafe<'drain'>({
  type: 'string',
  enum: ['drain'],
  description: 'A client drains the worker: it gets no more jobs, and should end. Absent: go on.',
});

export const TakeResponse = Type.Object(
  {
    lease: LeaseToken,
    expiresAt: timestamp('When the lease expires unless a heartbeat renews it.'),
    jobs: Type.Array(LeasedJob, {
      description: 'The jobs to run. Empty if none came within `waitMs`; the lease then ends at once.',
    }),
    directive: Type.Optional(DrainDirective),
  },
  { description: 'The lease and its jobs.', examples: [{ ...exampleLease, jobs: [exampleJob] }] },
);
export type TakeResponse = Static<typeof TakeResponse>;

export const LeaseParams = Type.Object({ lease: LeaseToken });

export const Heartbeat = Type.Object(
  {
    // A report of a worker: read leniently, so anything may arrive.
    leaseMs: Type.Optional(
      Type.Unsafe<unknown>({
        type: 'number',
        description: `Milliseconds without a heartbeat after which the lease expires, rounded and limited to ${MIN_LEASE_MS} to ${MAX_LEASE_MS}. Default: as taken.`,
      }),
    ),
  },
  {
    description: 'How long the lease lasts from now. An absent body keeps the default.',
    examples: [{ leaseMs: 30_000 }],
  },
);

export const HeartbeatResponse = Type.Object(
  {
    expiresAt: timestamp('When the lease expires unless a heartbeat renews it.'),
    cancel: Type.Array(JobId, {
      description: 'Stop these jobs. A client has cancelled them, or their attempt has timed out.',
    }),
    directive: Type.Unsafe<'continue' | 'drain'>({
      type: 'string',
      enum: ['continue', 'drain'],
      description:
        '`continue`: go on. `drain`: finish your jobs and take no more for now. Every queue of the lease is paused, this process stops, or a client drains the worker.',
    }),
  },
  {
    description:
      'The renewed lease. `expiresAt` is now if the lease has just lost its last job; see `cancel`.',
    examples: [{ expiresAt: exampleLease.expiresAt, cancel: [], directive: 'continue' }],
  },
);
export type HeartbeatResponse = Static<typeof HeartbeatResponse>;
