import type { CoreSettings } from '../../src/core/core.ts';
import { completionOf } from '../../src/lifecycle/completion.ts';
import type { Outcome } from '../../src/lifecycle/outcome.ts';
import {
  type NextStep,
  nextStep,
  type OutcomeWithoutResult,
  writeStep,
} from '../../src/lifecycle/settle-failure.ts';
import type { Observer } from '../../src/observer.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import type { Batcher } from '../intake/batcher.ts';
import type { FinishedJob } from '../intake/finished-jobs.ts';
import type { PersistentWriter } from './persistent-writer.ts';
import type { RunningJob } from './running-job.ts';

export interface SettleParts {
  tasks: ReadonlyMap<string, LoadedTask>;
  /** Writes outcomes that leave a result. */
  batcher: Pick<Batcher, 'complete' | 'schedule'>;
  /** Writes all other outcomes. */
  writer: PersistentWriter;
  settings: Pick<CoreSettings, 'resultTtlMs' | 'deadMax'>;
  observe: Observer;
}

/** Writes the outcome of an attempt by one move; one of the callbacks is called when Redis has answered. */
export function settleOutcome(
  parts: SettleParts,
  running: RunningJob,
  outcome: Outcome,
  runMs: number,
  callbacks: Pick<FinishedJob, 'onSettled' | 'onError'>,
): void {
  const { tasks, batcher, writer, settings } = parts;
  const { delivery, entry } = running;
  const { keys } = delivery;
  const task = entry && tasks.get(entry.task);
  if (outcome.kind === 'completed' || outcome.kind === 'cancelled' || outcome.kind === 'expired') {
    const completion = completionOf(running, outcome, task, settings.resultTtlMs);
    const waitMs = Math.max(0, delivery.takenAt - delivery.readyAt);
    batcher.complete(keys, { completion, waitMs, runMs, ...callbacks });
    return;
  }
  const step = nextStep(running, outcome, task);
  if (outcome.kind === 'failed') observeFailure(parts, running, outcome, step);
  writeStep(writer, keys, running, step, settings.deadMax).then(callbacks.onSettled, callbacks.onError);
}

function observeFailure(
  { observe }: SettleParts,
  { id, entry, attempt }: RunningJob,
  { error }: OutcomeWithoutResult & { kind: 'failed' },
  step: NextStep,
): void {
  observe({
    kind: 'attempt-failed',
    job: id,
    task: entry?.task ?? '',
    attempt,
    error: error.message,
    next: step.kind === 'retry' ? `retry in ${step.delayMs} ms` : 'failed for good',
  });
}
