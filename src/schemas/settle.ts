import { type Static, Type } from 'typebox';
import { exampleJob, exampleLease, LeasedJob, LeaseToken, MAX_LEASED, Tasks } from './lease.ts';
import { MAX_DURATION_MS } from './values/duration.ts';
import { JobId, timestamp } from './values/names.ts';

const RESULT = Type.Optional(
  Type.Unknown({ description: 'The result of the task: any JSON value. Default null.' }),
);

const FailMembers = {
  error: Type.Object(
    {
      message: Type.String({ maxLength: 65_536, description: 'What went wrong.' }),
      name: Type.Optional(
        Type.String({ maxLength: 1_024, description: 'The class of the error, such as `ValueError`.' }),
      ),
      stack: Type.Optional(Type.String({ maxLength: 65_536, description: 'The stack trace.' })),
      data: Type.Optional(
        Type.Unknown({
          description: 'Further data: any JSON. The service drops it if it is longer than 16,000 characters.',
        }),
      ),
    },
    { additionalProperties: false, description: 'Why the attempt failed. The service shortens long texts.' },
  ),
  retryable: Type.Optional(
    Type.Boolean({ description: 'false: the job fails now, without further attempts. Default true.' }),
  ),
  retryInMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_DURATION_MS,
      description: 'Milliseconds before the next attempt. Default: the backoff of the job.',
    }),
  ),
};
const ReleaseMembers = {
  delayMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_DURATION_MS,
      description: 'Milliseconds before another worker can take the job. Default 0.',
    }),
  ),
};
const one = <T extends Record<string, Type.TSchema>>(members: T, example: object) =>
  Type.Object(
    { lease: LeaseToken, ...members },
    { additionalProperties: false, examples: [{ lease: exampleLease.lease, ...example }] },
  );
const many = <T extends Record<string, Type.TSchema>>(members: T, description: string) =>
  Type.Optional(
    Type.Array(Type.Object({ id: JobId, ...members }, { additionalProperties: false }), {
      maxItems: MAX_LEASED,
      description,
    }),
  );

export const CompleteJob = one({ result: RESULT }, { result: { width: 640 } });
export const FailJob = one(FailMembers, { error: { message: 'no such image' }, retryable: false });
export const ReleaseJob = one(ReleaseMembers, { delayMs: 5_000 });
const PROGRESS = Type.Unknown({
  description: 'Any JSON of at most 16,000 characters. It appears as `progress` of the job.',
});
export const ProgressJob = one({ progress: PROGRESS }, { progress: { percent: 40 } });

export const SettleJobs = Type.Object(
  {
    complete: many({ result: RESULT }, 'Jobs that are done.'),
    fail: many(FailMembers, 'Jobs whose attempt failed.'),
    release: many(ReleaseMembers, 'Jobs to give back. No attempt is spent.'),
    tasks: Type.Optional(Tasks),
  },
  {
    additionalProperties: false,
    description: `The outcomes of 1 to ${MAX_LEASED} jobs. Name each job once.`,
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

const SETTLED_STATUSES = ['completed', 'retrying', 'failed', 'cancelled', 'running'] as const;
const SettledStatus = Type.Unsafe<(typeof SETTLED_STATUSES)[number]>({
  type: 'string',
  enum: [...SETTLED_STATUSES],
  description: 'The status of the job after this request.',
});

export const SettledJob = Type.Object(
  { id: JobId, status: SettledStatus },
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
        problem: Type.Optional(Type.Ref('Problem')),
      }),
      { description: 'An outcome per job: first those of `complete`, then of `fail`, then of `release`.' },
    ),
    lease: Type.Optional(LeaseToken),
    expiresAt: Type.Optional(timestamp('When the lease expires. Only with `next`.')),
    jobs: Type.Optional(Type.Array(LeasedJob, { description: 'The next jobs. Only with `next`.' })),
  },
  {
    description: 'The outcome of each job, and the next jobs.',
    examples: [
      { items: [{ id: exampleJob.id, status: 200, jobStatus: 'completed' }], ...exampleLease, jobs: [] },
    ],
  },
);
