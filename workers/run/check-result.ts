import { detectedFailure, type Outcome, tooLargeResult } from '../../src/attempts/outcome.ts';
import type { Clock } from '../../src/clock.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';

/** The outcome, or a failure when its result is too long or does not match the task's output schema. */
export function checkResult(
  task: LoadedTask,
  outcome: Outcome,
  attempt: number,
  maxBytes: number,
  clock: Clock,
): Outcome {
  if (outcome.kind !== 'completed') return outcome;
  const bytes = Buffer.byteLength(outcome.result);
  if (bytes > maxBytes) {
    const { name, message } = tooLargeResult(bytes, maxBytes);
    return detectedFailure(name, message, attempt, clock.wall(), { retryable: false });
  }
  if (task.output === undefined) return outcome;
  const faults = task.validateOutput(JSON.parse(outcome.result));
  if (faults.length === 0) return outcome;
  const message = `The result does not match the output schema of the task "${task.name}"`;
  return detectedFailure('invalid-output', message, attempt, clock.wall(), { retryable: true, data: faults });
}
