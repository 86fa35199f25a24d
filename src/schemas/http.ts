import { type TSchema, Type } from 'typebox';
import { JobId, ListedStatusSchema, QueueName } from './values/names.ts';

/** Longest wait of one request, in seconds. */
export const MAX_WAIT_S = 60;

/** Most jobs in one batch. */
export const MAX_BATCH = 10_000;

export const WaitQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: MAX_WAIT_S,
        description: 'Seconds to wait for the answer to be final. The same as `Prefer: wait=N`.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Longest Idempotency-Key, without its quotes. */
export const MAX_KEY_LENGTH = 255;

const idempotencyKey = Type.Optional(
  Type.String({
    description:
      'At most 255 printable ASCII characters, bare or in quotes. The same key and request are stored once, whatever the number of tries; a key counts within a queue (of a batch: that of its first job).',
    examples: ['order-4711'],
    maxLength: 2 * MAX_KEY_LENGTH + 2,
  }),
);

export const PreferHeader = Type.Object({
  prefer: Type.Optional(
    Type.String({ description: 'RFC 7240, such as `wait=30`.', examples: ['wait=30'], maxLength: 512 }),
  ),
});

export const SubmitHeaders = Type.Object({
  ...PreferHeader.properties,
  'idempotency-key': idempotencyKey,
});

export const OnceHeaders = Type.Object({ 'idempotency-key': idempotencyKey });

export const JobHeaders = Type.Object({
  ...PreferHeader.properties,
  'if-none-match': Type.Optional(
    Type.String({
      description: 'An ETag seen before: 304 while the job is still like that.',
      maxLength: 512,
    }),
  ),
});

export const RemoveHeaders = Type.Object({
  prefer: Type.Optional(
    Type.String({
      description: '`return=representation` answers 200 with the job that was removed.',
      examples: ['return=representation'],
      maxLength: 512,
    }),
  ),
});

export const JobParams = Type.Object({ id: JobId });
export const QueueParams = Type.Object({ name: QueueName });

export const BatchQuery = Type.Object(
  {
    atomic: Type.Optional(Type.Boolean({ description: 'All jobs or none. Default false.' })),
  },
  { additionalProperties: false },
);

/** Most items of a page. */
export const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'Default 100.' }));

/** Where a page goes on. */
export const Cursor = Type.Optional(
  Type.String({ maxLength: 256, description: 'nextCursor of the page before, unchanged.' }),
);

export const NextCursor = Type.Optional(Type.String({ description: 'Absent on the last page.' }));

export const ListQuery = Type.Object(
  {
    status: Type.Optional(ListedStatusSchema),
    limit: Limit,
    cursor: Cursor,
  },
  { additionalProperties: false },
);

export const LimitQuery = Type.Object(
  {
    limit: Limit,
  },
  { additionalProperties: false },
);

/** Headers of an answer that is a job. */
export const JobAnswerHeaders = {
  etag: Type.String({ description: 'Changes whenever the job does.' }),
  'retry-after': Type.Integer({ description: 'Seconds; on every job that has not ended.' }),
};

/** Header of an answer to a submit whose Idempotency-Key was known. */
export const ReplayedHeader = {
  'idempotency-replayed': Type.Boolean({
    description: 'true when the key was known: nothing was stored now, the answer is about what was.',
  }),
};

const exampleJob = { id: 'default~nmfa2k9x0-0', queue: 'default', task: 'fib', priority: 'normal' };

export const JobPage = Type.Object(
  {
    items: Type.Array(Type.Ref('Job')),
    nextCursor: NextCursor,
  },
  {
    description: 'A page of jobs.',
    examples: [
      {
        items: [
          {
            ...exampleJob,
            status: 'queued',
            attempt: 0,
            maxAttempts: 5,
            payload: { n: 100 },
            createdAt: '2026-01-31T12:00:00.000Z',
          },
        ],
      },
    ],
  },
);

export const BatchAnswer = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        index: Type.Integer(),
        status: Type.Integer({ description: '202, or the status this job alone would have got.' }),
        id: Type.Optional(JobId),
        problem: Type.Optional(Type.Ref('Problem')),
      }),
    ),
  },
  {
    description: 'What became of each job, in their order.',
    examples: [{ items: [{ index: 0, status: 202, id: 'default~nmfa2k9x0-0' }] }],
  },
);

export const Readiness = Type.Object(
  {
    ready: Type.Boolean(),
    reasons: Type.Array(Type.String()),
    durability: Type.Unsafe<'always' | 'everysec' | 'no' | 'off' | 'unknown'>({
      type: 'string',
      enum: ['always', 'everysec', 'no', 'off', 'unknown'],
      description: 'What Redis does before a job counts as accepted: its appendfsync mode, or off.',
    }),
  },
  {
    description: 'The state of the service.',
    examples: [{ ready: true, reasons: [], durability: 'always' }],
  },
);

/** A problem answer of each of these statuses, for the `response` part of a route's schema. */
export function problems<S extends number>(...statuses: S[]): Record<S, TSchema> {
  const answers = statuses.map((status) => [
    status,
    {
      description: PROBLEM_TITLES[status] ?? 'A fault',
      content: { 'application/problem+json': { schema: Type.Ref('Problem') } },
    },
  ]);
  return Object.fromEntries(answers) as Record<S, TSchema>;
}

const PROBLEM_TITLES: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  404: 'No such thing',
  405: 'Wrong method for this address',
  406: 'The answer is not had in a form that Accept names',
  409: 'The job, lease, schedule or queue is in a state that does not allow it',
  410: 'The job has ended and its result is not kept any more',
  413: 'The body is too large',
  415: 'The body is not of a type that is read here',
  422: 'The task or its payload is refused, or the Idempotency-Key belongs to another request',
  429: 'The queue is full; try again after Retry-After seconds',
  500: 'A defect of the service',
  503: 'Redis cannot serve now; try again after Retry-After seconds',
};
