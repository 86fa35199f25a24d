import type { Core } from '../core/core.ts';
import { cancelWaiting } from '../lifecycle/cancel-and-expire.ts';
import { entryTime } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { redisTime } from '../redis/server-time.ts';
import type { BulkStep, JobSelection } from '../schemas/bulk.ts';
import { purgeDeadLetters } from './dead-letters.ts';
import { readStepCursor, stepDone } from './step-cursor.ts';
import { StepReader, walkJobs } from './walk-jobs.ts';

const DEFAULT_LIMIT = 100;

/**
 * One bounded step over the jobs of a queue with a status: it cancels those that wait, and removes failed ones. A job that
 * starts before its turn is left running; so are jobs that came after the first step.
 *
 * @throws {AppError} invalid-request for a cursor that no step gave.
 */
export async function cancelJobs(core: Core, keys: QueueKeys, selection: JobSelection): Promise<BulkStep> {
  const { status, task, limit = DEFAULT_LIMIT, cursor } = selection;
  if (status === 'failed') {
    return purgeDeadLetters(core, keys, { limit, ...(task && { task }), ...(cursor && { cursor }) });
  }
  const start = await readStepCursor(core.redis, cursor);
  const only = { status, ...(task && { task }) };
  const reader = new StepReader(limit, (refs) => {
    const old = refs.filter(({ entryId }) => entryTime(entryId) <= start.startedAt);
    return cancelWaiting(core, keys, old, only);
  });
  const now = await redisTime(core.redis);
  const next = await walkJobs(core.redis, keys, { status, cursor: start.cursor, now }, reader);
  return stepDone(start, reader.moved, next);
}
