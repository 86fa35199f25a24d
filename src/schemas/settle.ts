import { type Static, Type } from 'typebox';
import {
  DrainDirective,
  exampleJob,
  exampleLease,
  LeasedJob,
  LeaseToken,
  MAX_LEASED,
  Tasks,
} from './lease.ts';
import { JobId, timestamp } from './values/names.ts';

/** The most jobs of one settle. A lease may hold more than it can take at once. */
export const MAX_SETTLED = 10_000;

/** A member as it should be sent. Reports are read leniently, so its type says that anything may arrive. */
const member = (schema: object) => Type.Optional(Type.Unsafe<unknown>(schema));

const RESULT = member({
  description:
    'The result of the task: any JSON value. Default null. Beyond MAX_PAYLOAD_BYTES the job fails with `result-too-large`, and `status` says so.',
});

const FailMembers = {
  error: Type.Unsafe<unknown>({
    description:
      'Why the attempt failed: an object, or just its message. The service shortens long texts, and takes any other JSON as the message.',
    type: ['object', 'string'],
    properties: {
      message: { type: 'string', description: 'What went wrong. Default: the JSON of the error.' },
      name: { type: 'string', description: 'The class of the error, such as `ValueError`.' },
      stack: { type: 'string', description: 'The stack trace.' },
      code: { type: ['string', 'number'], description: 'The code of the error, such as `ECONNREFUSED`.' },
      cause: { description: 'The error that led to this one: an object of the same form, or its message.' },
      errors: { type: 'array', items: {}, description: 'The parts of an error that stands for several.' },
      data: {
        description: 'Further data: any JSON. The service drops it if it is longer than 16,000 characters.',
      },
    },
  }),
  retryable: member({
    type: 'boolean',
    description: 'false: the job fails now, without further attempts. Default true.',
  }),
  retryInMs: member({
    type: 'number',
    description:
      'Milliseconds before the next attempt, rounded and limited to ten years. Default: the backoff of the job.',
  }),
};
const ReleaseMembers = {
  delayMs: member({
    type: 'number',
    description:
      'Milliseconds before another worker can take the job, rounded and limited to ten years. Default 0.',
  }),
};
const one = <T extends Record<string, Type.TSchema>>(members: T, example: object) =>
  Type.Object(
    {
      lease: member({
        type: 'string',
        description: 'The lease that holds the job. Required, here or as `?lease=`.',
        examples: [exampleLease.lease],
      }),
      ...members,
    },
    { examples: [{ lease: exampleLease.lease, ...example }] },
  );
const many = <T extends Record<string, Type.TSchema>>(members: T, description: string) =>
  member(Type.Array(Type.Object({ id: JobId, ...members }), { maxItems: MAX_SETTLED, description }));

export const CompleteJob = one({ result: RESULT }, { result: { width: 640 } });
export const FailJob = one(FailMembers, { error: { message: 'no such image' }, retryable: false });
export const ReleaseJob = one(ReleaseMembers, { delayMs: 5_000 });
const PROGRESS = member({
  description:
    'Any JSON. It appears as `progress` of the job. Of more than 16,000 characters only the beginning is kept, as text.',
});
export const ProgressJob = one({ progress: PROGRESS }, { progress: { percent: 40 } });
const CHECKPOINT = Type.Unsafe<unknown>({
  description:
    'Any JSON of at most 65,536 bytes and 60 levels. The next attempt gets it unchanged; null removes it. A larger one is a 413, and the former one stays.',
});
export const CheckpointJob = one({ checkpoint: CHECKPOINT }, { checkpoint: { page: 12 } });
const LOG = member({
  description:
    'A line, or a list of lines, oldest first: text, or `{ level, message }`. The service shortens long ones, and takes any other JSON as the message.',
});
export const LogJob = one({ log: LOG }, { log: [{ level: 'warn', message: 'page 3 is empty' }, 'page 4'] });

/** The lease of a report in its URL: it is found there even if the body is too large to be read. */
export const ReportQuery = Type.Object({ lease: Type.Optional(LeaseToken) }, { additionalProperties: false });

export const SettleJobs = Type.Object(
  {
    complete: many({ result: RESULT }, 'Jobs that are done.'),
    fail: many(FailMembers, 'Jobs whose attempt failed.'),
    release: many(ReleaseMembers, 'Jobs to give back. No attempt is spent.'),
    tasks: member(Tasks),
  },
  {
    description: `The outcomes of 1 to ${MAX_SETTLED} jobs; with more none is settled. Name each job once.`,
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
        description: 'The most jobs to take next, in the same step. Default 0.',
      }),
    ),
  },
  { additionalProperties: false },
);

const SETTLED_STATUSES = ['completed', 'queued', 'retrying', 'failed', 'cancelled', 'running'] as const;
const SettledStatus = Type.Unsafe<(typeof SETTLED_STATUSES)[number]>({
  type: 'string',
  enum: [...SETTLED_STATUSES],
  description:
    'The status of the job after this request. `queued`: it can be taken again now; `retrying`: after its delay.',
});

const RetryInMs = Type.Optional(
  Type.Integer({
    minimum: 0,
    description:
      'Only after a failed attempt that another one follows: milliseconds until it may start. A repeated report gets none.',
  }),
);

export const SettledJob = Type.Object(
  { id: JobId, status: SettledStatus, retryInMs: RetryInMs },
  {
    description: 'The job is settled, by this request or by the same one before.',
    examples: [{ id: exampleJob.id, status: 'completed' }],
  },
);
export type SettledJob = Static<typeof SettledJob>;

export const SettleResponse = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        id: JobId,
        status: Type.Integer({ description: '200: the job is settled. Else the status of the problem.' }),
        jobStatus: Type.Optional(SettledStatus),
        retryInMs: RetryInMs,
        problem: Type.Optional(Type.Ref('Problem')),
      }),
      {
        description:
          'An outcome per item: first those of `complete`, then of `fail`, then of `release`. The `id` of an item without an id is empty.',
      },
    ),
    lease: Type.Optional(LeaseToken),
    expiresAt: Type.Optional(timestamp('When the lease expires. Only with `next`.')),
    jobs: Type.Optional(Type.Array(LeasedJob, { description: 'The next jobs. Only with `next`.' })),
    directive: Type.Optional(DrainDirective),
  },
  {
    description: 'The outcome of each job, and the next jobs.',
    examples: [
      { items: [{ id: exampleJob.id, status: 200, jobStatus: 'completed' }], ...exampleLease, jobs: [] },
    ],
  },
);
