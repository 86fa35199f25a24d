import { observeFailure } from '../../src/attempts/attempt-events.ts';
import { completionOf } from '../../src/attempts/completion.ts';
import type { Outcome } from '../../src/attempts/outcome.ts';
import {
  nextStep,
  retryInMs,
  statusAfter,
  type UnfinishedStatus,
  writeStep,
} from '../../src/attempts/settle-failure.ts';
import { unrunnableOf } from '../../src/attempts/unrunnable.ts';
import type { CoreSettings } from '../../src/core/core.ts';
import type { Consumer, Settled } from '../../src/lifecycle/consumer.ts';
import type { Observer } from '../../src/observer.ts';
import { maxAttempts } from '../../src/redis/entry-options.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import type { Batcher } from '../intake/batcher.ts';
import { subjectOf, waitMsOf } from './attempt-events.ts';
import type { Holder } from './holder.ts';
import type { PersistentWriter } from './persistent-writer.ts';
import type { RunningJob } from './running-job.ts';

export interface SettleParts {
  consumer: Consumer;
  tasks: ReadonlyMap<string, LoadedTask>;
  /** Writes outcomes that leave a result. */
  batcher: Pick<Batcher, 'complete' | 'schedule'>;
  /** Writes that this worker cannot run a job. */
  holder: Pick<Holder, 'hold'>;
  /** Writes all other outcomes. */
  writer: PersistentWriter;
  settings: Pick<CoreSettings, 'resultTtlMs' | 'deadMax'>;
  observe: Observer;
}

export interface SettleCallbacks {
  /** @param status of a job without a result, after the move. */
  readonly onSettled: (settled: Settled, status?: UnfinishedStatus) => void;
  readonly onError: (error: unknown) => void;
}

/** Writes the outcome of an attempt by one move; one of the callbacks is called when Redis has answered. */
export function settleOutcome(
  parts: SettleParts,
  running: RunningJob,
  outcome: Outcome,
  runMs: number,
  { onSettled, onError }: SettleCallbacks,
): void {
  const { tasks, batcher, holder, writer, settings } = parts;
  const { delivery, entry } = running;
  const { keys } = delivery;
  const task = entry && tasks.get(entry.task);
  if (outcome.kind === 'completed' || outcome.kind === 'cancelled' || outcome.kind === 'expired') {
    const completion = completionOf(running, outcome, task, settings.resultTtlMs);
    batcher.complete(keys, { completion, waitMs: waitMsOf(running), runMs, onSettled, onError });
    return;
  }
  if (outcome.kind === 'held') {
    holder.hold(keys, { job: unrunnableOf(delivery, entry, outcome), onSettled, onError });
    return;
  }
  const step = nextStep(running, outcome, task);
  if (outcome.kind === 'failed')
    observeFailure(parts.observe, subjectOf(running, parts.consumer.name), outcome, {
      retryInMs: retryInMs(step),
      maxAttempts: maxAttempts(entry?.options ?? {}, task),
    });
  const status = statusAfter(step);
  writeStep(writer, keys, running, step, settings.deadMax).then(
    (settled) => onSettled(settled, status),
    onError,
  );
}
