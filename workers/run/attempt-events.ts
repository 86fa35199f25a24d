import { observeAttemptEnd, waitMsOf as waitOf } from '../../src/attempts/attempt-events.ts';
import type { ObservedOutcome } from '../../src/attempts/outcome.ts';
import type { Settled } from '../../src/lifecycle/scripts/complete.ts';
import type { AttemptSubject, Observer, SettledStatus } from '../../src/observer.ts';
import type { RunningJob } from './running-job.ts';

/** The members that name an attempt in every event of it. */
export const subjectOf = ({ id, entry, attempt, delivery }: RunningJob, lease: string): AttemptSubject => ({
  queue: delivery.keys.queue,
  task: entry?.task ?? '',
  job: id,
  attempt,
  lease,
});

/** How long the job was ready before it was taken, ms. */
export const waitMsOf = ({ delivery }: RunningJob): number => waitOf(delivery);

/** Reports the end of an attempt. `status`: that of a job without a result. */
export function observeSettled(
  observe: Observer,
  running: RunningJob,
  lease: string,
  { kind }: ObservedOutcome,
  runMs: number,
  settled: Settled,
  status: SettledStatus | undefined,
): void {
  const isStale = settled === 'stale' && observe.wants('stale');
  if (!isStale && !observe.wants('attempt-ended')) return;
  const subject = subjectOf(running, lease);
  const { attempt: _, ...job } = subject;
  if (isStale) observe({ kind: 'stale', ...job, move: kind });
  // Here a repeated call is one of ours whose answer was lost: its end was not reported before.
  const written = settled === 'repeated' ? 'done' : settled;
  observeAttemptEnd(
    observe,
    subject,
    kind,
    { settled: written, status },
    { waitMs: waitMsOf(running), runMs },
  );
}
