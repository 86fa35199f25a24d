import { Type } from 'typebox';
import { TASK_NAME_FORM, TASK_NAME_PATTERN } from './task-name.ts';

/** Most urgent first: workers drain the lanes in this order. */
export const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Every status of a job. The status follows from where the job's entry is. */
export const STATUSES = [
  'queued',
  'scheduled',
  'running',
  'retrying',
  'completed',
  'failed',
  'cancelled',
  'expired',
] as const;
export type Status = (typeof STATUSES)[number];

/** The job has ended. Only a retry by hand moves a failed job out of its status. */
export const FINAL_STATUSES = ['completed', 'failed', 'cancelled', 'expired'] as const;
export type FinalStatus = (typeof FINAL_STATUSES)[number];

/** Statuses of jobs whose entries are still in the queue. */
export const LISTED_STATUSES = ['queued', 'scheduled', 'running', 'retrying', 'failed'] as const;
export type ListedStatus = (typeof LISTED_STATUSES)[number];

/** Statuses of jobs that no worker runs and that will run. */
export const WAITING_STATUSES = ['queued', 'scheduled', 'retrying'] as const;
export type WaitingStatus = (typeof WAITING_STATUSES)[number];

/** Statuses of jobs that have left the queue: only their results are kept. */
export const ENDED_STATUSES = ['completed', 'cancelled', 'expired'] as const;
export type EndedStatus = (typeof ENDED_STATUSES)[number];

/** How an error comes up outside the promise of its handler. */
export const ERROR_ORIGINS = ['unhandledRejection', 'uncaughtException', 'process.exit'] as const;
export type ErrorOrigin = (typeof ERROR_ORIGINS)[number];

export const isFinal = (status: Status): status is FinalStatus =>
  (FINAL_STATUSES as readonly string[]).includes(status);

export const oneOf = <T extends string>(values: readonly T[], description: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], description });

export const PrioritySchema = oneOf(
  PRIORITIES,
  'The lane of the queue in which the job waits. Workers take from more urgent lanes first. Default normal.',
);
export const StatusSchema = oneOf(
  STATUSES,
  'The state of the job. `completed`, `failed`, `cancelled` and `expired` are final.',
);
/** Why a queued job is not handed out. */
export const HELD_BY = ['task', 'concurrency', 'rate', 'key', 'unique'] as const;
export type HeldBy = (typeof HELD_BY)[number];

export const HeldBySchema = oneOf(
  HELD_BY,
  'Why a queued job is not handed out. `task`: no worker so far has the task and an input schema that takes the payload. The job waits for such a worker, and spends no attempt. `concurrency`, `rate`: the queue is at that limit. `key`: the key of the job is at one of its limits, or has jobs that came earlier. `unique`: the job has replaced another one that runs, and waits for its end.',
);
export const ErrorOriginSchema = oneOf(
  ERROR_ORIGINS,
  'The error came from outside the promise of the handler: a promise without a handler for its rejection, a throw in a timer or an event, or a call of `process.exit`. Absent for an error that the handler threw.',
);
export const StatusFilter = oneOf(
  STATUSES,
  'Only jobs in this status. Default: jobs that have not ended, and failed ones.',
);

export const QUEUE_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$';

/** What a name has to look like, for descriptions and faults. */
export const NAME_FORM =
  '1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit.';

/** A queue's name is part of its Redis keys (as hash tag) and of its jobs' ids. */
export const queueName = (description: string) =>
  Type.String({
    pattern: QUEUE_NAME_PATTERN,
    description: `${description} ${NAME_FORM}`,
    examples: ['default'],
  });
export const QueueName = queueName('The name of a queue.');

export const TaskName = Type.String({
  pattern: TASK_NAME_PATTERN,
  description: `The task that a worker runs for the job. ${TASK_NAME_FORM}`,
  examples: ['fib'],
});

/** Has no pattern: a text that is not an id is answered with 404, as an id without a job is. */
export const jobId = (description: string) => Type.String({ description, examples: ['default~nmfa2k9x0-0'] });
export const JobId = jobId('The id of a job: opaque, URL-safe, at most 96 characters.');

/** Limits for each key go by it. */
export const JobKey = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'For whom or what the job is: a tenant, a document. 1 to 255 characters.',
  examples: ['customer-17'],
});

/** @param description what happened at that time. */
export const timestamp = (description: string) =>
  Type.String({
    format: 'date-time',
    description: `${description} RFC 3339, UTC.`,
    examples: ['2026-01-31T12:00:00.000Z'],
  });
