import type { Core } from '../core/core.ts';
import { formatJobId, parseRef, type Ref } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { timeAt } from '../redis/server-time.ts';
import {
  CANCEL_PATIENCE_MS,
  type CancelOutcome,
  cancelOrExpire,
  type Withdrawal,
  withdrawAll,
} from './scripts/cancel.ts';
import { atPresentRef } from './scripts/changes/present-refs.ts';

/** Most jobs of one pass. */
const PASS_SIZE = 200;
/** Most passes of one call that a request waits for. */
const MAX_PASSES = 25;

/** Ends expired jobs, at most 5,000, so that they do not count as waiting where no worker runs. */
export async function expireAll(core: Core, keys: QueueKeys): Promise<void> {
  for (let i = 0; i < MAX_PASSES; i += 1) if (!(await expireDue(core, keys))) return;
}

/** Ends expired jobs, at most 200; true when there may be more. */
export async function expireDue(core: Core, keys: QueueKeys): Promise<boolean> {
  // A job must not expire early because our clock is ahead of that of Redis.
  const now = await timeAt(core.redis, keys.expiring);
  const limit = ['LIMIT', 0, PASS_SIZE] as const;
  const expired = await core.redis.zrange(keys.expiring, '-inf', String(now), 'BYSCORE', ...limit);
  await expireJobs(core, keys, expired.map(parseRef));
  return expired.length === PASS_SIZE;
}

/** Ends those of the jobs that no handler has begun on as expired. */
export async function expireJobs(
  { redis, settings, observe }: Core,
  keys: QueueKeys,
  refs: readonly Ref[],
): Promise<void> {
  const { resultTtlMs } = settings;
  const jobs = countWithdrawn(await withdrawAll(redis, keys, refs, { status: 'expired', resultTtlMs }));
  if (jobs > 0) observe({ kind: 'jobs-expired', queue: keys.queue, jobs });
}

/** Cancels those of the jobs that wait as `only` says, and asks nobody to stop; returns how many that were. */
export async function cancelWaiting(
  { redis, settings, observe }: Core,
  keys: QueueKeys,
  refs: readonly Ref[],
  only: NonNullable<Withdrawal['only']>,
): Promise<number> {
  const { resultTtlMs } = settings;
  const jobs = countWithdrawn(
    await withdrawAll(redis, keys, refs, { status: 'cancelled', resultTtlMs, only }),
  );
  if (jobs > 0) observe({ kind: 'jobs-cancelled', queue: keys.queue, jobs });
  return jobs;
}

/** Cancels jobs in any place, and asks the workers of running ones to stop. Returns how many have ended. */
export async function cancelAll(core: Core, keys: QueueKeys, refs: readonly Ref[]): Promise<number> {
  const { redis, settings, observe, deadlines } = core;
  const { resultTtlMs } = settings;
  const outcomes = await withdrawAll(redis, keys, refs, { status: 'cancelled', resultTtlMs });
  if (outcomes.includes('asked')) deadlines.note(keys.queue, CANCEL_PATIENCE_MS);
  const jobs = countWithdrawn(outcomes);
  if (jobs > 0) observe({ kind: 'jobs-cancelled', queue: keys.queue, jobs });
  return jobs;
}

const countWithdrawn = (outcomes: readonly CancelOutcome[]): number =>
  outcomes.filter((outcome) => outcome === 'withdrawn').length;

/** Cancels a job, see `cancelOrExpire`. A worker that was asked and does not stop loses the job after its patience. */
export async function cancelJob(
  { redis, settings, observe, deadlines }: Core,
  keys: QueueKeys,
  ref: Ref,
  mode?: 'ask' | 'enforce',
): Promise<CancelOutcome> {
  const cancel = (at: Ref) => cancelOrExpire(redis, keys, at, 'cancelled', settings.resultTtlMs, mode);
  const { outcome } = await atPresentRef(redis, keys, ref, cancel, (found) => found === 'not-found');
  const { queue } = keys;
  if (outcome === 'asked' && mode !== 'enforce') deadlines.note(queue, CANCEL_PATIENCE_MS);
  // An enforcement that asks has changed nothing.
  if (outcome === 'withdrawn' || (outcome === 'asked' && mode !== 'enforce')) {
    observe({ kind: 'job-cancelled', queue, job: formatJobId(queue, ref), done: outcome === 'withdrawn' });
  }
  return outcome;
}
