import { afterFailure, completionOf } from '../../src/lifecycle/completion.ts';
import type { Completion, Settled } from '../../src/lifecycle/consumer.ts';
import type { Outcome } from '../../src/lifecycle/outcome.ts';
import type { Observer } from '../../src/observer.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import type { EndedJob } from '../intake/ended-jobs.ts';
import type { PersistentWriter } from './persistent-writer.ts';
import type { RunningJob } from './running-job.ts';

export interface SettleParts {
  tasks: ReadonlyMap<string, LoadedTask>;
  settler: PersistentWriter;
  /** Ends a job with a result. */
  endWith: (keys: QueueKeys, ended: EndedJob) => void;
  resultTtlMs: number;
  /** Longest result that is stored, bytes of JSON. */
  maxResultBytes: number;
  observe: Observer;
}

/** Writes what became of an attempt: one move for each kind of outcome. `then` hears how that went. */
export function settleOutcome(
  parts: SettleParts,
  running: RunningJob,
  outcome: Outcome,
  runMs: number,
  then: Pick<EndedJob, 'settled' | 'failed'>,
): void {
  const { delivery } = running;
  if (outcome.kind === 'completed' || outcome.kind === 'cancelled' || outcome.kind === 'expired') {
    const waitMs = Math.max(0, delivery.takenAt - delivery.readyAt);
    const { tasks, resultTtlMs } = parts;
    const { entry } = running;
    const completion = completionOf(running, outcome, entry && tasks.get(entry.task), resultTtlMs);
    parts.endWith(delivery.keys, { completion, waitMs, runMs, ...then });
  } else {
    settleUnended(parts, running, outcome).then(then.settled, then.failed);
  }
}

function settleUnended(
  parts: SettleParts,
  running: RunningJob,
  outcome: Exclude<Outcome, { kind: Completion['status'] }>,
): Promise<Settled> {
  const { settler } = parts;
  const { ref, token, delivery } = running;
  switch (outcome.kind) {
    case 'failed':
      return settleFailure(parts, running, outcome);
    case 'exhausted':
      return settler.bury(delivery.keys, { ref, token, error: '' });
    case 'released':
      return release(settler, running, outcome.delayMs);
    case 'lost':
      // A lease can be lost and found: what is still ours by then must not stay with us unseen. What is not,
      // the fence keeps.
      return release(settler, running, 0);
  }
}

async function release(settler: PersistentWriter, running: RunningJob, delayMs: number): Promise<Settled> {
  const [settled] = await settler.release(running.delivery.keys, [running], delayMs);
  return settled ?? 'stale';
}

function settleFailure(
  { settler, tasks, observe }: SettleParts,
  running: RunningJob,
  outcome: Outcome & { kind: 'failed' },
): Promise<Settled> {
  const { entry, delivery, ref, token, attempt, id } = running;
  const { error } = outcome;
  const decision = afterFailure(running, outcome, entry && tasks.get(entry.task));
  observe({
    kind: 'attempt-failed',
    job: id,
    task: entry?.task ?? '',
    attempt,
    error: error.message,
    next: decision.kind === 'retry' ? `retry in ${decision.delayMs} ms` : 'failed for good',
  });
  const failure = { ref, token, error: JSON.stringify(error) };
  if (decision.kind === 'retry') return settler.retry(delivery.keys, failure, decision.delayMs);
  return settler.bury(delivery.keys, failure);
}
