import { observeFailure, type UnfinishedStatus, waitMsOf } from '../../src/lifecycle/attempt-events.ts';
import { afterFailure, completionOf } from '../../src/lifecycle/completion.ts';
import type { Completion, Consumer, Settled } from '../../src/lifecycle/consumer.ts';
import type { Outcome } from '../../src/lifecycle/outcome.ts';
import type { Observer } from '../../src/observer.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import type { EndedJob } from '../intake/ended-jobs.ts';
import type { PersistentWriter } from './persistent-writer.ts';
import { type RunningJob, subjectOf } from './running-job.ts';

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
    /** `status`: that of a job without a result. */
    settled: (settled: Settled, status?: UnfinishedStatus) => void;
    failed: EndedJob['failed'];
  },
): void {
  const { delivery } = running;
  if (outcome.kind === 'completed' || outcome.kind === 'cancelled' || outcome.kind === 'expired') {
    const { tasks, resultTtlMs } = parts;
    const { entry } = running;
    const completion = completionOf(running, outcome, entry && tasks.get(entry.task), resultTtlMs);
    parts.endWith(delivery.keys, { completion, waitMs: waitMsOf(delivery), runMs, ...then });
  } else {
    const { status, write } = settleUnended(parts, running, outcome);
    write.then((settled) => then.settled(settled, status), then.failed);
  }
}

/** A write that leaves no result, and the status of the job after it. */
interface Unended {
  status: UnfinishedStatus;
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
      return { status: 'failed', write: settler.bury(delivery.keys, { ref, token, error: '' }) };
    case 'released':
      return { status: 'retrying', write: release(settler, running, outcome.delayMs) };
    case 'lost':
      // A lease can be lost and found: what is still ours by then must not stay with us unseen. What is not,
      // the fence keeps.
      return { status: 'retrying', write: release(settler, running, 0) };
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
  observeFailure(observe, subjectOf(running, consumer.name), outcome, decision);
  const failure = { ref, token, error: JSON.stringify(error) };
  return decision.kind === 'retry'
    ? { status: 'retrying', write: settler.retry(delivery.keys, failure, decision.delayMs) }
    : { status: 'failed', write: settler.bury(delivery.keys, failure) };
}
