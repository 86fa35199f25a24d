import type { Core } from '../core/core.ts';
import { formatJobId, type Ref } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { type CancelOutcome, cancelOrExpire } from './scripts/cancel.ts';

/** Cancels a job, see `cancelOrExpire`. */
export async function cancelJob(
  { redis, settings, observe }: Core,
  keys: QueueKeys,
  ref: Ref,
  mode?: 'ask' | 'enforce',
): Promise<CancelOutcome> {
  const outcome = await cancelOrExpire(redis, keys, ref, 'cancelled', settings.resultTtlMs, mode);
  const { queue } = keys;
  // An enforcement that asks has changed nothing.
  if (outcome === 'withdrawn' || (outcome === 'asked' && mode !== 'enforce')) {
    observe({ kind: 'job-cancelled', queue, job: formatJobId(queue, ref), done: outcome === 'withdrawn' });
  }
  return outcome;
}
