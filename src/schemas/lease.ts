import { type Static, Type } from 'typebox';
import { MAX_DURATION_MS } from './duration.ts';
import { JobId, QueueName, TaskName, Timestamp } from './names.ts';
import { TaskOptions } from './task.ts';

export const DEFAULT_LEASE_MS = 30_000;
export const MIN_LEASE_MS = 1_000;
export const MAX_LEASE_MS = 600_000;
/** Longest wait for jobs of one request, ms. */
export const MAX_POLL_MS = 30_000;
/** Most jobs that one request takes or settles. */
export const MAX_LEASED = 1_000;
/** Most queues of one lease. */
export const MAX_LEASED_QUEUES = 16;

const LeaseText = Type.String({
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

const Tasks = Type.Array(TaskName, {
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

const exampleJob = {
  id: 'img~nmfa2k9x0-0',
  queue: 'img',
  task: 'resize',
  payload: { url: 'https://example.com/a.png' },
  attempt: 1,
  maxAttempts: 5,
  timeoutMs: 1_800_000,
  createdAt: '2026-01-31T12:00:00.000Z',
};

const exampleLease = {
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
    description: 'The lease goes on.',
    examples: [{ expiresAt: exampleLease.expiresAt, cancel: [], directive: 'continue' }],
  },
);
export type HeartbeatAnswer = Static<typeof HeartbeatAnswer>;

const RESULT = Type.Optional(Type.Unknown({ description: 'Any JSON. Default null.' }));

const FailMembers = {
  error: Type.Object(
    {
      message: Type.String({ maxLength: 65_536 }),
      name: Type.Optional(Type.String({ maxLength: 1_024 })),
      stack: Type.Optional(Type.String({ maxLength: 65_536 })),
      data: Type.Optional(
        Type.Unknown({ description: 'Any JSON; left out where it is longer than 16,000 characters.' }),
      ),
    },
    { additionalProperties: false, description: 'Why; long texts are shortened.' },
  ),
  retryable: Type.Optional(Type.Boolean({ description: 'false: the job fails for good. Default true.' })),
  retryInMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_DURATION_MS,
      description: 'The next attempt starts after so long, instead of after the back-off.',
    }),
  ),
};
const ReleaseMembers = {
  delayMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_DURATION_MS,
      description: 'The job is handed out again after so long at the earliest. Default 0.',
    }),
  ),
};
const one = <T extends Record<string, Type.TSchema>>(members: T, example: object) =>
  Type.Object(
    { lease: LeaseText, ...members },
    { additionalProperties: false, examples: [{ lease: exampleLease.lease, ...example }] },
  );
const many = <T extends Record<string, Type.TSchema>>(members: T) =>
  Type.Optional(
    Type.Array(Type.Object({ id: JobId, ...members }, { additionalProperties: false }), {
      maxItems: MAX_LEASED,
    }),
  );

export const CompleteJob = one({ result: RESULT }, { result: { width: 640 } });
export const FailJob = one(FailMembers, { error: { message: 'no such image' }, retryable: false });
export const ReleaseJob = one(ReleaseMembers, { delayMs: 5_000 });
const PROGRESS = Type.Unknown({
  description: 'Any JSON of at most 16,000 characters; it is shown with the job.',
});
export const ProgressJob = one({ progress: PROGRESS }, { progress: { percent: 40 } });

export const SettleJobs = Type.Object(
  {
    complete: many({ result: RESULT }),
    fail: many(FailMembers),
    release: many(ReleaseMembers),
    tasks: Type.Optional(Tasks),
  },
  {
    additionalProperties: false,
    examples: [
      {
        complete: [{ id: exampleJob.id, result: { width: 640 } }],
        fail: [{ id: 'img~nmfa2k9x0-1', error: { message: 'no such image' } }],
        release: [{ id: 'img~nmfa2k9x0-2', delayMs: 5_000 }],
      },
    ],
  },
);
export type SettleJobs = Static<typeof SettleJobs>;

export const SettleQuery = Type.Object(
  {
    next: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_LEASED,
        description: 'Take up to so many jobs under the same lease, in the same step.',
      }),
    ),
  },
  { additionalProperties: false },
);

const SETTLED_STATUSES = ['completed', 'retrying', 'failed', 'cancelled', 'running'] as const;
const SettledStatus = Type.Unsafe<(typeof SETTLED_STATUSES)[number]>({
  type: 'string',
  enum: [...SETTLED_STATUSES],
  description: 'What the job has become by this.',
});

export const SettledJob = Type.Object(
  { id: JobId, status: SettledStatus },
  {
    description: 'Done, now or by the same call before.',
    examples: [{ id: exampleJob.id, status: 'completed' }],
  },
);
export type SettledJob = Static<typeof SettledJob>;

export const SettleAnswer = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        id: JobId,
        status: Type.Integer({ description: '200, or the status that this item alone would have got.' }),
        jobStatus: Type.Optional(SettledStatus),
        problem: Type.Optional(Type.Ref('Problem')),
      }),
      { description: 'An outcome per item: those of complete, of fail, of release, each in their order.' },
    ),
    lease: Type.Optional(LeaseText),
    expiresAt: Type.Optional(Timestamp),
    jobs: Type.Optional(Type.Array(LeasedJob, { description: 'The next jobs; only with `next`.' })),
  },
  {
    description: 'What became of each.',
    examples: [
      { items: [{ id: exampleJob.id, status: 200, jobStatus: 'completed' }], ...exampleLease, jobs: [] },
    ],
  },
);

export const TaskParams = Type.Object({ name: QueueName, task: TaskName });

/** What a worker over HTTP says of a task; its name is in the address, and how it is run is its own business. */
export const AnnounceTask = Type.Omit(TaskOptions, ['name', 'thread'], {
  additionalProperties: false,
  examples: [{ input: { type: 'object', required: ['url'] }, attempts: 3 }],
});
export type AnnounceTask = Static<typeof AnnounceTask>;

export const KnownTask = Type.Object(
  {
    queue: QueueName,
    name: TaskName,
    ...AnnounceTask.properties,
    input: Type.Optional(Type.Unknown({ description: 'JSON Schema of the payload.' })),
    output: Type.Optional(Type.Unknown({ description: 'JSON Schema of the result.' })),
    announcedAt: Timestamp,
  },
  {
    description: 'A task as it was announced; durations in milliseconds.',
    examples: [{ queue: 'img', name: 'resize', attempts: 3, announcedAt: '2026-01-31T12:00:00.000Z' }],
  },
);
export type KnownTask = Static<typeof KnownTask>;

export const TaskListQuery = Type.Object(
  {
    queue: Type.Optional(QueueName),
    cursor: Type.Optional(
      Type.String({ maxLength: 256, description: 'nextCursor of the page before, unchanged.' }),
    ),
  },
  { additionalProperties: false },
);

export const TaskList = Type.Object(
  { items: Type.Array(KnownTask), nextCursor: Type.Optional(Type.String()) },
  {
    description: 'Tasks that workers have announced in the last day.',
    examples: [
      { items: [{ queue: 'img', name: 'resize', attempts: 3, announcedAt: '2026-01-31T12:00:00.000Z' }] },
    ],
  },
);
