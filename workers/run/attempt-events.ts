import type { Outcome } from '../../src/lifecycle/outcome.ts';
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
export const waitMsOf = ({ delivery }: RunningJob): number =>
  Math.max(0, delivery.takenAt - delivery.readyAt);

/** Reports the end of an attempt; `next`: the status of a job that has no result. */
export function observeSettled(
  observe: Observer,
  running: RunningJob,
  lease: string,
  outcome: Outcome,
  runMs: number,
  settled: Settled,
  next: SettledStatus | undefined,
): void {
  if (settled === 'stale' && observe.wants('stale')) {
    const { attempt: _, ...subject } = subjectOf(running, lease);
    observe({ kind: 'stale', ...subject, move: outcome.kind });
  }
  if (!observe.wants('attempt-ended')) return;
  observe({
    kind: 'attempt-ended',
    ...subjectOf(running, lease),
    outcome: outcome.kind,
    status: settled === 'stale' ? 'stale' : (next ?? statusOf(outcome)),
    waitMs: waitMsOf(running),
    runMs: Math.round(runMs),
  });
}

const statusOf = ({ kind }: Outcome): SettledStatus =>
  kind === 'completed' || kind === 'cancelled' || kind === 'expired' ? kind : 'failed';
