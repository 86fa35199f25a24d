import { type Static, Type } from 'typebox';
import { duration, RESULT_TTL_LIMITS, TIMEOUT_LIMITS } from './values/duration.ts';
import { JobId, PrioritySchema, QueueName, StatusSchema, TaskName, Timestamp } from './values/names.ts';

export const DEFAULT_QUEUE = 'default';
export const DEFAULT_ATTEMPTS = 5;
export const DEFAULT_TIMEOUT_MS = 30 * 60_000;
export const DEFAULT_PRIORITY = 'normal';

/** What a submitter or a task may say about waiting between attempts. */
export const Backoff = Type.Object(
  {
    type: Type.Unsafe<'exponential' | 'fixed'>({ type: 'string', enum: ['exponential', 'fixed'] }),
    delay: duration('Wait before the second attempt; doubled for each further one when exponential.'),
    max: Type.Optional(duration('No wait is longer than this. Default 1 h.')),
    jitter: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'Share of the wait that is drawn by chance, applied before the cap. Default 0.2.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Wait between attempts. Default: exponential from 1 s.' },
);
export type Backoff = Static<typeof Backoff>;

export const Attempts = Type.Integer({
  minimum: 1,
  maximum: 100,
  description: 'How often the job may be tried in all. Default 5.',
});

/** Not `Type.Record`: its pattern for any name leaves out those with a line break in them. */
const labels = (value: object = {}, options: object = {}) =>
  Type.Unsafe<Record<string, string>>({
    type: 'object',
    additionalProperties: { type: 'string', ...value },
    ...options,
  });

export const SubmitJob = Type.Object(
  {
    task: TaskName,
    queue: Type.Optional(QueueName),
    payload: Type.Optional(Type.Unknown({ description: 'Any JSON; the task receives it. Default null.' })),
    priority: Type.Optional(PrioritySchema),
    delay: Type.Optional(duration('Do not start before this much time has passed.')),
    runAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'Do not start before this time (RFC 3339). Not together with delay.',
        examples: ['2026-01-31T12:00:00Z'],
      }),
    ),
    attempts: Type.Optional(Attempts),
    backoff: Type.Optional(Backoff),
    timeout: Type.Optional(duration('Limit of one attempt. Default 30 min.', TIMEOUT_LIMITS)),
    expiresIn: Type.Optional(duration('If it has not started by then, the job ends as expired.')),
    resultTtl: Type.Optional(duration('How long the finished job can be read.', RESULT_TTL_LIMITS)),
    metadata: Type.Optional(
      labels(
        { maxLength: 1_024 },
        {
          maxProperties: 32,
          propertyNames: { maxLength: 128 },
          description:
            'Your own labels: up to 32 strings of at most 1,024 characters, with names of at most 128.',
        },
      ),
    ),
    keepPayload: Type.Optional(
      Type.Boolean({ description: 'Keep the payload readable after the job has completed. Default false.' }),
    ),
  },
  {
    $id: 'SubmitJob',
    additionalProperties: false,
    examples: [{ task: 'fib', payload: { n: 100 } }],
  },
);
export type SubmitJob = Static<typeof SubmitJob>;

export const JobError = Type.Object(
  {
    message: Type.String(),
    name: Type.Optional(Type.String()),
    stack: Type.Optional(Type.String()),
    data: Type.Optional(Type.Unknown()),
    attempt: Type.Optional(Type.Integer()),
    at: Type.Optional(Timestamp),
  },
  { $id: 'JobError', description: 'Why an attempt failed.' },
);
export type JobError = Static<typeof JobError>;

export const Job = Type.Object(
  {
    id: JobId,
    queue: QueueName,
    task: Type.Optional(Type.String({ examples: ['fib'] })),
    status: StatusSchema,
    priority: Type.Optional(PrioritySchema),
    attempt: Type.Integer({ minimum: 0, description: 'The running or last attempt; 0 before the first.' }),
    maxAttempts: Type.Integer({ minimum: 1 }),
    payload: Type.Optional(
      Type.Unknown({ description: 'Gone once completed, unless submitted with keepPayload.' }),
    ),
    metadata: Type.Optional(labels()),
    progress: Type.Optional(Type.Unknown({ description: 'What the running attempt last reported.' })),
    result: Type.Optional(Type.Unknown({ description: 'What the task returned; only when completed.' })),
    error: Type.Optional(Type.Ref('JobError')),
    errors: Type.Optional(
      Type.Array(Type.Ref('JobError'), { description: 'One per failed attempt, the last ten.' }),
    ),
    createdAt: Timestamp,
    runAt: Type.Optional(Timestamp),
    startedAt: Type.Optional(Timestamp),
    finishedAt: Type.Optional(Timestamp),
    expiresAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'Before the start: when the job lapses. After the end: until when it can be read.',
      }),
    ),
    worker: Type.Optional(Type.String({ description: 'The lease that runs, or last ran, the job.' })),
  },
  {
    $id: 'Job',
    examples: [
      {
        id: 'default~nmfa2k9x0-0',
        queue: 'default',
        task: 'fib',
        status: 'completed',
        priority: 'normal',
        attempt: 1,
        maxAttempts: 5,
        result: { value: '354224848179261915075' },
        createdAt: '2026-01-31T12:00:00.000Z',
        startedAt: '2026-01-31T12:00:00.003Z',
        finishedAt: '2026-01-31T12:00:00.009Z',
        expiresAt: '2026-02-01T12:00:00.009Z',
        worker: 'host-1.4711.k3x9q2',
      },
    ],
  },
);
/** A job as the API shows it. */
export type Job = Omit<Static<typeof Job>, 'error' | 'errors'> & { error?: JobError; errors?: JobError[] };
