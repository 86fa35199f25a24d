import type { AttemptSubject, AttemptTimes, Observer, SettledStatus } from '../observer.ts';
import { formatJobId } from '../redis/entry.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { HeldDelivery } from './completion.ts';
import type { Outcome } from './outcome.ts';
import type { Decision } from './retry-decision.ts';
import type { Settled } from './scripts/complete.ts';

/** The status of a job whose attempt leaves no result. */
export type UnfinishedStatus = 'retrying' | 'failed';

/** The members that name an attempt in every event of it. */
export const attemptSubject = (
  { queue }: QueueKeys,
  { entry, ref, attempt }: Omit<HeldDelivery, 'token'>,
  lease: string,
): AttemptSubject => ({ queue, task: entry?.task ?? '', job: formatJobId(queue, ref), attempt, lease });

/** How long a job was ready before it was taken, ms. */
export const waitMsOf = ({ takenAt, readyAt }: { takenAt: number; readyAt: number }): number =>
  Math.max(0, takenAt - readyAt);

/** Reports that an attempt has failed, and what follows. */
export function observeFailure(
  observe: Observer,
  subject: AttemptSubject,
  { error }: Outcome & { kind: 'failed' },
  decision: Decision,
): void {
  const isRetried = decision.kind === 'retry';
  observe({
    kind: 'attempt-failed',
    ...subject,
    error: error.message,
    next: isRetried ? `retry in ${decision.delayMs} ms` : 'failed for good',
    ...(isRetried && { retryInMs: decision.delayMs }),
  });
}

/** Reports the end of an attempt. `status`: that of a job without a result; with one, the outcome is its status. */
export function observeAttemptEnd(
  observe: Observer,
  subject: AttemptSubject,
  outcome: Outcome['kind'],
  { settled, status }: { settled: Settled; status: UnfinishedStatus | undefined },
  { waitMs, runMs }: AttemptTimes,
): void {
  observe({
    kind: 'attempt-ended',
    ...subject,
    outcome,
    status: settled === 'stale' ? 'stale' : (status ?? finalStatus(outcome)),
    ...(waitMs !== undefined && { waitMs: Math.round(waitMs) }),
    runMs: Math.round(runMs),
  });
}

const finalStatus = (outcome: Outcome['kind']): SettledStatus =>
  outcome === 'completed' || outcome === 'cancelled' || outcome === 'expired' ? outcome : 'failed';
