import { placeOf } from '../error-place.ts';
import { summaryOf } from '../error-reasons.ts';
import type { Settled } from '../lifecycle/scripts/complete.ts';
import type { AttemptSubject, AttemptTimes, Observer, SettledStatus } from '../observer.ts';
import { firstRef, traceOf } from '../redis/entry-options.ts';
import { formatJobId } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { StoredError } from '../redis/result-record.ts';
import type { AttemptLimit } from '../schemas/values/attempts.ts';
import type { HeldDelivery } from './completion.ts';
import type { ObservedOutcome, Outcome } from './outcome.ts';

/** The members that name an attempt in every event of it. */
export const attemptSubject = (
  { queue }: QueueKeys,
  { entry, ref, attempt }: Omit<HeldDelivery, 'token'>,
  lease: string,
): AttemptSubject => {
  const { task = '', options = {} } = entry ?? {};
  const trace = traceOf(options);
  const job = formatJobId(queue, firstRef(ref, options));
  return { queue, task, job, attempt, lease, ...(trace !== undefined && { trace }) };
};

/** How long a job was ready before it was taken, ms. */
export const waitMsOf = ({ takenAt, readyAt }: { takenAt: number; readyAt: number }): number =>
  Math.max(0, takenAt - readyAt);

/** Reports that an attempt has failed. `retryInMs`: undefined when no attempt follows. */
export function observeFailure(
  observe: Observer,
  subject: AttemptSubject,
  { error }: Outcome & { kind: 'failed' },
  { retryInMs, maxAttempts }: { retryInMs: number | undefined; maxAttempts: AttemptLimit },
): void {
  const file = placeOf(error.stack);
  observe({
    kind: 'attempt-failed',
    ...subject,
    maxAttempts,
    error: summaryOf(error),
    next: retryInMs === undefined ? 'failed for good' : `retry in ${retryInMs} ms`,
    ...(retryInMs !== undefined && { retryInMs }),
    ...(file !== undefined && { file }),
  });
}

/** How an attempt was settled. `status`: that of a job without a result; with one, the outcome is its status. */
interface Settlement {
  readonly settled: Settled;
  readonly status: SettledStatus | undefined;
  readonly error?: StoredError | undefined;
}

/** Reports the end of an attempt. */
export function observeAttemptEnd(
  observe: Observer,
  subject: AttemptSubject,
  outcome: ObservedOutcome['kind'],
  { settled, status, error }: Settlement,
  { waitMs, runMs }: AttemptTimes,
): void {
  observe({
    kind: 'attempt-ended',
    ...subject,
    outcome,
    status: statusOf(outcome, settled, status),
    ...(settled === 'repeated' && { repeated: true }),
    ...(waitMs !== undefined && { waitMs: Math.round(waitMs) }),
    runMs: Math.round(runMs),
    ...(error !== undefined && { error: summaryOf(error), errorName: error.name ?? 'Error' }),
  });
}

/** The status of a job after an attempt. @param status of a job without a result. */
export const statusOf = (
  outcome: ObservedOutcome['kind'],
  settled: Settled,
  status: SettledStatus | undefined,
): SettledStatus => (settled === 'stale' ? 'stale' : (status ?? finalStatus(outcome)));

const finalStatus = (outcome: ObservedOutcome['kind']): SettledStatus =>
  outcome === 'completed' || outcome === 'cancelled' || outcome === 'expired' ? outcome : 'failed';
