import { type Static, Type } from 'typebox';
import { inMembers } from './json/places.ts';
import { Attempts, MaxAttempts } from './values/attempts.ts';
import { duration, RESULT_TTL_LIMITS, TIMEOUT_LIMITS } from './values/duration.ts';
import {
  ErrorOriginSchema,
  HeldBySchema,
  JobId,
  JobKey,
  jobId,
  PrioritySchema,
  QueueName,
  queueName,
  StatusSchema,
  TaskName,
  timestamp,
} from './values/names.ts';
import { Tags } from './values/tags.ts';
import { Trace } from './values/trace.ts';

export const DEFAULT_QUEUE = 'default';
export const DEFAULT_ATTEMPTS = 5;
export const DEFAULT_TIMEOUT_MS = 30 * 60_000;
export const DEFAULT_PRIORITY = 'normal';

/** How long a job waits between attempts, as a submitter or a task sets it. */
export const Backoff = Type.Object(
  {
    type: Type.Unsafe<'exponential' | 'fixed'>({
      type: 'string',
      enum: ['exponential', 'fixed'],
      description: '`fixed`: every wait is `delay`. `exponential`: each wait is twice the one before.',
    }),
    delay: duration('The wait before the second attempt.'),
    max: Type.Optional(duration('The longest wait. Default 1 h.')),
    jitter: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description:
          'Each wait is longer or shorter at random by up to this share of it. `max` applies afterwards. Default 0.2.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'The wait between attempts. Default: what the task sets, else exponential from 1 s.',
  },
);
export type Backoff = Static<typeof Backoff>;

/** Not `Type.Record`: its pattern rejects names with a line break in them. */
const labels = (value: object = {}, options: object = {}) =>
  Type.Unsafe<Record<string, string>>({
    type: 'object',
    additionalProperties: { type: 'string', ...value },
    ...options,
  });

export const SubmitJob = Type.Object(
  {
    task: TaskName,
    queue: Type.Optional(queueName('The queue in which the job waits. Default "default".')),
    payload: Type.Optional(
      Type.Unknown({
        description:
          'The input of the task: any JSON value of at most 60 levels. Default null. The service passes its text on unchanged.',
      }),
    ),
    priority: Type.Optional(PrioritySchema),
    key: Type.Optional(JobKey),
    delay: Type.Optional(duration('The job starts no sooner than this long after the submit. Default 0.')),
    runAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'The job starts no sooner than at this time (RFC 3339). Excludes `delay`.',
        examples: ['2026-01-31T12:00:00Z'],
      }),
    ),
    attempts: Type.Optional(Attempts),
    backoff: Type.Optional(Backoff),
    timeout: Type.Optional(
      duration('The longest time of one attempt. Default: what the task sets, else 30 min.', TIMEOUT_LIMITS),
    ),
    expiresIn: Type.Optional(
      duration('The job expires if it has not started this long after the submit. Default: never.'),
    ),
    resultTtl: Type.Optional(
      duration(
        'How long the job can be read after its end. Default 24 h (RESULT_TTL_MS).',
        RESULT_TTL_LIMITS,
      ),
    ),
    metadata: Type.Optional(
      labels(
        { maxLength: 1_024 },
        {
          maxProperties: 32,
          propertyNames: { maxLength: 128 },
          description:
            'Your own labels: up to 32 strings of at most 1,024 characters. Names have at most 128 characters.',
        },
      ),
    ),
    tags: Type.Optional(Tags),
    keepPayload: Type.Optional(
      Type.Boolean({
        description:
          'Keeps the payload readable after the job has completed, expired or been cancelled. Default false.',
      }),
    ),
  },
  {
    $id: 'SubmitJob',
    additionalProperties: false,
    description: 'A job to submit.',
    examples: [{ task: 'fib', payload: { n: 100 } }],
  },
);
export type SubmitJob = Static<typeof SubmitJob>;

/** The texts in a `SubmitJob`. */
export const SUBMIT_TEXTS = inMembers({ payload: 'text' });

export const JobError = Type.Object(
  {
    message: Type.String({ description: 'What went wrong.' }),
    name: Type.Optional(Type.String({ description: 'The class of the error, such as `TypeError`.' })),
    stack: Type.Optional(Type.String({ description: 'The stack trace.' })),
    data: Type.Optional(Type.Unknown({ description: 'Further data that the task gave with the error.' })),
    code: Type.Optional(
      Type.Unsafe<string | number>({
        type: ['string', 'number'],
        description: 'The code of the error, such as `ECONNREFUSED`.',
      }),
    ),
    cause: Type.Optional(
      Type.Ref('JobError', { description: 'The error that led to this one. At most five levels are kept.' }),
    ),
    errors: Type.Optional(
      Type.Array(Type.Ref('JobError'), {
        description: 'The parts of an error that stands for several, at most ten.',
      }),
    ),
    origin: Type.Optional(ErrorOriginSchema),
    attempt: Type.Optional(Type.Integer({ description: 'The attempt that failed, counted from 1.' })),
    at: Type.Optional(timestamp('When the attempt failed.')),
  },
  { $id: 'JobError', description: 'Why an attempt failed.' },
);
export type JobError = Omit<Static<typeof JobError>, 'cause' | 'errors'> & {
  cause?: JobError;
  errors?: JobError[];
};

export const Job = Type.Object(
  {
    id: JobId,
    queue: QueueName,
    task: Type.Optional(Type.String({ description: 'The task that runs the job.', examples: ['fib'] })),
    status: StatusSchema,
    heldBy: Type.Optional(HeldBySchema),
    priority: Type.Optional(PrioritySchema),
    key: Type.Optional(Type.String({ description: 'The key given at submit.', examples: ['customer-17'] })),
    attempt: Type.Integer({
      minimum: 0,
      description: 'The running or last attempt, counted from 1. 0 before the first.',
    }),
    maxAttempts: MaxAttempts,
    payload: Type.Optional(
      Type.Unknown({
        description:
          'The input of the task. Absent once the job has completed, expired or been cancelled, unless `keepPayload` was set.',
      }),
    ),
    metadata: Type.Optional(labels({}, { description: 'The labels given at submit.' })),
    tags: Type.Optional(Type.Array(Type.String(), { description: 'The tags of the job.' })),
    progress: Type.Optional(
      Type.Unknown({ description: 'The last progress report of the running attempt.' }),
    ),
    checkpoint: Type.Optional(
      Type.Unknown({
        description:
          'What the last attempt left for the next one. Absent once the job has ended otherwise than as `failed`.',
      }),
    ),
    result: Type.Optional(
      Type.Unknown({ description: 'What the task returned. Present only when completed.' }),
    ),
    error: Type.Optional(Type.Ref('JobError')),
    errors: Type.Optional(
      Type.Array(Type.Ref('JobError'), { description: 'The last ten failed attempts, oldest first.' }),
    ),
    createdAt: timestamp('When the job was stored.'),
    runAt: Type.Optional(timestamp('The job starts no sooner than at this time.')),
    startedAt: Type.Optional(timestamp('When the running or last attempt started.')),
    finishedAt: Type.Optional(timestamp('When the job ended.')),
    expiresAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description:
          'Before the start: the job expires at this time. After the end: the job can be read until this time.',
      }),
    ),
    rerunOf: Type.Optional(jobId('The ended job that this one repeats, see `POST /jobs/{id}/rerun`.')),
    trace: Type.Optional(Trace),
    worker: Type.Optional(Type.String({ description: 'The lease that runs, or last ran, the job.' })),
  },
  {
    $id: 'Job',
    description: 'A job and its state.',
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
