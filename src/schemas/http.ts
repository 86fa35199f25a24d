import { type TSchema, Type } from 'typebox';
import { JobId, QueueName, StatusFilter } from './values/names.ts';
import { Cursor, Limit, Missing, NextPartCursor } from './values/page.ts';
import { TraceHeaders } from './values/trace.ts';

/** The longest wait of one request, in seconds. */
export const MAX_WAIT_S = 60;

/** The most jobs of one bulk submit. */
export const MAX_BULK_JOBS = 10_000;

export const WaitQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: MAX_WAIT_S,
        description: 'The most seconds to wait for the job. The same as `Prefer: wait=N`. Default 0.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** The longest Idempotency-Key, without its quotes. */
export const MAX_KEY_LENGTH = 255;

const idempotencyKey = Type.Optional(
  Type.String({
    description:
      'Makes a repeated request store nothing new. 1 to 255 printable ASCII characters, bare or in quotes. A key belongs to one queue (in a batch: the queue of its first job). The service keeps it 24 h by default (IDEMPOTENCY_TTL_MS).',
    examples: ['order-4711'],
    maxLength: 2 * MAX_KEY_LENGTH + 2,
  }),
);

/** Whether an answer shows payloads. */
export const WithPayload = Type.Optional(
  Type.Boolean({ description: 'false: leave out the payload, which may be large. Default true.' }),
);

export const JobQuery = Type.Object(
  { ...WaitQuery.properties, payload: WithPayload },
  { additionalProperties: false },
);

export const PreferHeader = Type.Object({
  prefer: Type.Optional(
    Type.String({
      description: '`wait=N` waits at most N seconds for the job (RFC 7240). N is capped at 60.',
      examples: ['wait=30'],
      maxLength: 512,
    }),
  ),
});

export const SubmitHeaders = Type.Object({
  ...PreferHeader.properties,
  'idempotency-key': idempotencyKey,
  ...TraceHeaders,
});

export const IdempotencyHeaders = Type.Object({ 'idempotency-key': idempotencyKey });
export const JobHeaders = Type.Object({
  ...PreferHeader.properties,
  'if-none-match': Type.Optional(
    Type.String({
      description:
        'The ETag of an earlier response. While the job has not changed since, the service answers 304.',
      maxLength: 512,
    }),
  ),
});

export const RemoveHeaders = Type.Object({
  prefer: Type.Optional(
    Type.String({
      description: '`return=representation`: the service answers 200 with the removed job.',
      examples: ['return=representation'],
      maxLength: 512,
    }),
  ),
});

export const JobParams = Type.Object({ id: JobId });
export const QueueParams = Type.Object({ name: QueueName });

export const BulkSubmitQuery = Type.Object(
  {
    atomic: Type.Optional(Type.Boolean({ description: 'true: store all jobs or none. Default false.' })),
  },
  { additionalProperties: false },
);

export const ListQuery = Type.Object(
  {
    status: Type.Optional(StatusFilter),
    limit: Limit,
    cursor: Cursor,
    payload: WithPayload,
  },
  { additionalProperties: false },
);

export const RemoveQueueQuery = Type.Object(
  {
    force: Type.Optional(
      Type.Boolean({
        description:
          'true: cancel the jobs of the queue, and remove its failed jobs and its schedules, at most 1,000 jobs with each request. Default false.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const PageQuery = Type.Object({ limit: Limit, cursor: Cursor }, { additionalProperties: false });

/** The most queues of a page, which is also the default: few services have more. */
export const MAX_QUEUES = 1_000;

export const QueueListQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_QUEUES,
        description: 'The most queues to return. Default 1,000.',
      }),
    ),
    cursor: Cursor,
  },
  { additionalProperties: false },
);

/** Headers of a response that is a job. */
export const JobResponseHeaders = {
  etag: Type.String({ description: 'The revision of the job. It changes whenever the job changes.' }),
  'retry-after': Type.Integer({
    description: 'Seconds to wait before the next poll. Present while the job has not ended.',
  }),
};

/** Header of a response to a repeated Idempotency-Key. */
export const ReplayedHeader = {
  'idempotency-replayed': Type.Boolean({
    description:
      'true: an earlier request used the key. Nothing new was stored; the response shows what that request stored.',
  }),
};

const exampleJob = { id: 'default~nmfa2k9x0-0', queue: 'default', task: 'fib', priority: 'normal' };

export const JobPage = Type.Object(
  {
    items: Type.Array(Type.Ref('Job'), {
      description: 'The jobs of this page. A page ends early once its jobs have some 8 MiB.',
    }),
    nextCursor: NextPartCursor,
    missing: Missing,
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

/** A problem response for each of these statuses, for the `response` part of a route's schema. */
export function problems<S extends number>(...statuses: S[]): Record<S, TSchema> {
  const responses = statuses.map((status) => [
    status,
    {
      description: PROBLEM_TITLES[status] ?? 'An error',
      content: { 'application/problem+json': { schema: Type.Ref('Problem') } },
    },
  ]);
  return Object.fromEntries(responses) as Record<S, TSchema>;
}

const PROBLEM_TITLES: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  401: 'The request needs a valid key',
  403: 'The key lacks a scope, which `detail` names',
  404: 'Not found',
  405: 'The path does not have this method',
  406: 'No media type in Accept is available',
  409: 'The state of the job, lease, schedule or queue does not allow this',
  410: 'The job is not kept',
  412: 'The job is not as If-Match says',
  413: 'The body is too large',
  415: 'The media type of the body is not supported',
  421: 'The request names a host that this service does not serve',
  422: 'The task, its payload or its result is rejected, or the Idempotency-Key belongs to another request',
  429: 'The queue is full. Try again after Retry-After seconds',
  500: 'Internal error',
  503: 'Redis is unavailable, or too many clients wait. Try again after Retry-After seconds',
};
