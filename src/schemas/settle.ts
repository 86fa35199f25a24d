import { type Static, Type } from 'typebox';
import { exampleJob, exampleLease, LeasedJob, LeaseText, MAX_LEASED, Tasks } from './lease.ts';
import { MAX_DURATION_MS } from './values/duration.ts';
import { JobId, Timestamp } from './values/names.ts';

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
