import { invalidRequest } from '../../errors.ts';
import { reportedFailure } from '../../lifecycle/outcome.ts';
import { MAX_LEASED } from '../../schemas/lease.ts';
import type { SettleJobs } from '../../schemas/settle.ts';
import { completedWith } from './plan-items.ts';
import type { JobReport } from './plan-queues.ts';

type Of<K extends 'complete' | 'fail' | 'release'> = NonNullable<SettleJobs[K]>[number];

/** @throws {AppError} invalid-request for a result that is nested too deeply. */
export function completed({ id, result = null }: Of<'complete'>): JobReport {
  const said = completedWith(result);
  return { id, said: () => said, result };
}

export const failed = ({ id, error, retryable, retryInMs }: Of<'fail'>): JobReport => {
  const how = {
    ...(retryable === undefined ? {} : { retryable }),
    ...(retryInMs === undefined ? {} : { retryInMs }),
  };
  return { id, said: (attempt) => reportedFailure(error, how, attempt, Date.now()) };
};

export const released = ({ id, delayMs = 0 }: Of<'release'>): JobReport => ({
  id,
  said: () => ({ kind: 'released', delayMs }),
});

/** What a worker says of many jobs: of each one thing. @throws {AppError} invalid-request. */
export function reportsOf({ complete = [], fail = [], release = [] }: SettleJobs): JobReport[] {
  const statements = [...complete.map(completed), ...fail.map(failed), ...release.map(released)];
  const faults =
    statements.length === 0
      ? ['must have at least one job in complete, fail or release']
      : statements.length > MAX_LEASED
        ? [`must have at most ${MAX_LEASED} jobs in all`]
        : new Set(statements.map(({ id }) => id)).size < statements.length
          ? ['must name each job once']
          : [];
  if (faults.length === 0) return statements;
  throw invalidRequest(faults.map((detail) => ({ pointer: '', detail })));
}
