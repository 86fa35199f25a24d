import { type Static, Type } from 'typebox';

/** Most urgent first: the order in which a worker drains the lanes. */
export const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Every status a job can be shown in; a job's status is the place where its entry is. */
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

/** Statuses that never change again by themselves. */
export const FINAL_STATUSES = ['completed', 'failed', 'cancelled', 'expired'] as const;
export type FinalStatus = (typeof FINAL_STATUSES)[number];

/** Statuses whose jobs can be listed: those that have an entry in a place of the queue. */
export const LISTED_STATUSES = ['queued', 'scheduled', 'running', 'retrying', 'failed'] as const;
export type ListedStatus = (typeof LISTED_STATUSES)[number];

export const isFinal = (status: Status): status is FinalStatus =>
  (FINAL_STATUSES as readonly string[]).includes(status);

const text = <T extends string>(values: readonly T[], options: object) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...options });

export const PrioritySchema = text(PRIORITIES, {
  description: 'Which lane of the queue the job waits in; more urgent lanes are drained first.',
});
export const StatusSchema = text(STATUSES, { description: 'Where the job is now.' });
export const ListedStatusSchema = text(LISTED_STATUSES, { description: 'Only jobs in this status.' });

export const QUEUE_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$';

/** A queue's name is part of its Redis keys (as hash tag) and of its jobs' ids. */
export const QueueName = Type.String({
  pattern: QUEUE_NAME_PATTERN,
  description: '1 to 64 characters: letters, digits, "_", ".", "-"; starts with a letter or digit.',
  examples: ['default'],
});

export const TaskName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$',
  description: 'The kind of work: 1 to 128 characters: letters, digits, "_", ".", ":", "/", "-".',
  examples: ['fib'],
});

/** Loose on purpose: an id that never was is a 404, whatever it looks like. */
export const JobId = Type.String({
  description: 'Opaque, URL-safe id, at most 96 characters.',
  examples: ['default~nmfa2k9x0-0'],
});

export const Timestamp = Type.String({
  format: 'date-time',
  description: 'RFC 3339, UTC.',
  examples: ['2026-01-31T12:00:00.000Z'],
});
export type Timestamp = Static<typeof Timestamp>;
