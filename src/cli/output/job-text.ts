import type { Job } from '../../schemas/job.ts';
import type { Status } from '../../schemas/values/names.ts';
import { inertJson } from './inert.ts';
import type { Style } from './paint.ts';
import type { Detail } from './printer.ts';
import type { Column } from './table.ts';

/** Every status of a job, with its style. */
const STYLES: Readonly<Record<Status, Style | undefined>> = {
  queued: undefined,
  scheduled: undefined,
  running: 'cyan',
  retrying: 'yellow',
  completed: 'green',
  failed: 'red',
  cancelled: 'dim',
  expired: 'dim',
};

export const STATUS_NAMES = Object.keys(STYLES);

const styleOf = ({ status }: Pick<Job, 'status'>): Style | undefined => STYLES[status];

const json = (value: unknown): string | undefined =>
  value === undefined ? undefined : inertJson(JSON.stringify(value));

const errorText = ({ error }: Job): string | undefined =>
  error === undefined ? undefined : `${error.name ?? 'Error'}: ${error.message}`;

/** A job, for people. @param hint why it does not run. */
export const jobDetails = (job: Job, hint?: string): Detail[] => [
  ['id', job.id],
  ['task', job.task],
  ['queue', job.queue],
  ['status', job.heldBy === undefined ? job.status : `${job.status}, waits for ${job.heldBy}`, styleOf(job)],
  ['hint', hint, 'yellow'],
  ['attempt', `${job.attempt} of ${job.maxAttempts}`],
  ['priority', job.priority],
  ['key', job.key],
  ['tags', job.tags?.join(', ')],
  ['payload', json(job.payload)],
  ['metadata', json(job.metadata)],
  ['progress', json(job.progress)],
  ['checkpoint', json(job.checkpoint)],
  ['result', json(job.result)],
  ['error', errorText(job), 'red'],
  ['created', job.createdAt],
  ['runs at', job.runAt],
  ['started', job.startedAt],
  ['finished', job.finishedAt],
  ['kept until', job.expiresAt],
  ['worker', job.worker],
  ['rerun of', job.rerunOf],
];

export const JOB_COLUMNS: readonly Column<Job>[] = [
  { title: 'ID', of: ({ id }) => id },
  { title: 'TASK', of: ({ task }) => task },
  { title: 'STATUS', of: ({ status }) => status, style: styleOf },
  { title: 'ATTEMPT', of: ({ attempt, maxAttempts }) => `${attempt}/${maxAttempts}`, side: 'right' },
  { title: 'CREATED', of: ({ createdAt }) => createdAt },
  { title: 'ERROR', of: errorText },
];
