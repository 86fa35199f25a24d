import { AppError } from '../../errors.ts';
import type { NewEntry, NoRoom } from './scripts/submit.ts';

/** One script stores a batch, and a script works in one slot. */
export const batchNotAtomic = (): AppError =>
  new AppError(
    'batch-not-atomic',
    'In a Redis Cluster the jobs of a batch that is atomic or has an Idempotency-Key must be of one queue. Send a batch for each queue.',
  );

export const TOO_LARGE =
  'The jobs that have the places of these jobs are too large to look at in one step. Send fewer jobs at a time.';

export const noRoom = ({ kind, entry, maxJobs }: NoRoom): AppError =>
  kind === 'full' ? queueFull(entry.keys.queue, maxJobs) : keyFull(entry, maxJobs);

const keyFull = ({ keys: { queue }, options }: NewEntry, maxJobs: number): AppError =>
  new AppError(
    'key-full',
    `The key ${JSON.stringify(options.y)} has as many unfinished jobs as it may have in the queue "${queue}": ${maxJobs}. Try again later, or raise perKey.maxJobs with PUT /queues/${queue}.`,
  );

const queueFull = (queue: string, maxJobs: number): AppError =>
  new AppError(
    'queue-full',
    `The queue "${queue}" is full: it may hold ${maxJobs} unfinished jobs. Try again later, or raise maxJobs with PUT /queues/${queue}.`,
  );
