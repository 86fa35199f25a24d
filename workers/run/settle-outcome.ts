import { afterFailure, completionOf } from '../../src/lifecycle/completion.ts';
import type { Completion, Consumer, Settled } from '../../src/lifecycle/consumer.ts';
import type { Outcome } from '../../src/lifecycle/outcome.ts';
import type { Observer } from '../../src/observer.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import type { EndedJob } from '../intake/ended-jobs.ts';
import { subjectOf, waitMsOf } from './attempt-events.ts';
import type { PersistentWriter } from './persistent-writer.ts';
import type { RunningJob } from './running-job.ts';

export interface SettleParts {
  consumer: Consumer;
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
  then: {
    /** `next`: the status of a job that has no result. */
    settled: (settled: Settled, next?: 'retrying' | 'failed') => void;
    failed: EndedJob['failed'];
  },
): void {
  const { delivery } = running;
  if (outcome.kind === 'completed' || outcome.kind === 'cancelled' || outcome.kind === 'expired') {
    const { tasks, resultTtlMs } = parts;
    const { entry } = running;
    const completion = completionOf(running, outcome, entry && tasks.get(entry.task), resultTtlMs);
    parts.endWith(delivery.keys, { completion, waitMs: waitMsOf(running), runMs, ...then });
  } else {
    const { next, write } = settleUnended(parts, running, outcome);
    write.then((settled) => then.settled(settled, next), then.failed);
  }
}

/** A write that leaves no result, and the status of the job after it. */
interface Unended {
  next: 'retrying' | 'failed';
  write: Promise<Settled>;
}

function settleUnended(
  parts: SettleParts,
  running: RunningJob,
  outcome: Exclude<Outcome, { kind: Completion['status'] }>,
): Unended {
  const { settler } = parts;
  const { ref, token, delivery } = running;
  switch (outcome.kind) {
    case 'failed':
      return settleFailure(parts, running, outcome);
    case 'exhausted':
      return { next: 'failed', write: settler.bury(delivery.keys, { ref, token, error: '' }) };
    case 'released':
      return { next: 'retrying', write: release(settler, running, outcome.delayMs) };
    case 'lost':
      // A lease can be lost and found: what is still ours by then must not stay with us unseen. What is not,
      // the fence keeps.
      return { next: 'retrying', write: release(settler, running, 0) };
  }
}

async function release(settler: PersistentWriter, running: RunningJob, delayMs: number): Promise<Settled> {
  const [settled] = await settler.release(running.delivery.keys, [running], delayMs);
  return settled ?? 'stale';
}

function settleFailure(
  { settler, consumer, tasks, observe }: SettleParts,
  running: RunningJob,
  outcome: Outcome & { kind: 'failed' },
): Unended {
  const { entry, delivery, ref, token } = running;
  const { error } = outcome;
  const decision = afterFailure(running, outcome, entry && tasks.get(entry.task));
  observe({
    kind: 'attempt-failed',
    ...subjectOf(running, consumer.name),
    error: error.message,
    next: decision.kind === 'retry' ? `retry in ${decision.delayMs} ms` : 'failed for good',
    ...(decision.kind === 'retry' && { retryInMs: decision.delayMs }),
  });
  const failure = { ref, token, error: JSON.stringify(error) };
  return decision.kind === 'retry'
    ? { next: 'retrying', write: settler.retry(delivery.keys, failure, decision.delayMs) }
    : { next: 'failed', write: settler.bury(delivery.keys, failure) };
}
