import { summaryOf } from '../error-reasons.ts';
import type { Settled } from '../lifecycle/scripts/complete.ts';
import type { AttemptSubject, AttemptTimes, Observer, SettledStatus } from '../observer.ts';
import { firstRef } from '../redis/entry-options.ts';
import { formatJobId } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { HeldDelivery } from './completion.ts';
import type { ObservedOutcome, Outcome } from './outcome.ts';

/** The members that name an attempt in every event of it. */
export const attemptSubject = (
  { queue }: QueueKeys,
  { entry, ref, attempt }: Omit<HeldDelivery, 'token'>,
  lease: string,
): AttemptSubject => ({
  queue,
  task: entry?.task ?? '',
  job: formatJobId(queue, firstRef(ref, entry?.options ?? {})),
  attempt,
  lease,
});

/** How long a job was ready before it was taken, ms. */
export const waitMsOf = ({ takenAt, readyAt }: { takenAt: number; readyAt: number }): number =>
  Math.max(0, takenAt - readyAt);

/** Reports that an attempt has failed. `retryInMs`: undefined when no attempt follows. */
export function observeFailure(
  observe: Observer,
  subject: AttemptSubject,
  { error }: Outcome & { kind: 'failed' },
  retryInMs: number | undefined,
): void {
  observe({
    kind: 'attempt-failed',
    ...subject,
    error: summaryOf(error),
    next: retryInMs === undefined ? 'failed for good' : `retry in ${retryInMs} ms`,
    ...(retryInMs !== undefined && { retryInMs }),
  });
}

/** Reports the end of an attempt. `status`: that of a job without a result; with one, the outcome is its status. */
export function observeAttemptEnd(
  observe: Observer,
  subject: AttemptSubject,
  outcome: ObservedOutcome['kind'],
  { settled, status }: { settled: Settled; status: SettledStatus | undefined },
  { waitMs, runMs }: AttemptTimes,
): void {
  observe({
    kind: 'attempt-ended',
    ...subject,
    outcome,
    status: settled === 'stale' ? 'stale' : (status ?? finalStatus(outcome)),
    ...(settled === 'repeated' && { repeated: true }),
    ...(waitMs !== undefined && { waitMs: Math.round(waitMs) }),
    runMs: Math.round(runMs),
  });
}

const finalStatus = (outcome: ObservedOutcome['kind']): SettledStatus =>
  outcome === 'completed' || outcome === 'cancelled' || outcome === 'expired' ? outcome : 'failed';
