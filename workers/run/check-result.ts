import { detectedFailure, type Outcome, tooDeepResult, tooLargeResult } from '../../src/attempts/outcome.ts';
import type { Clock } from '../../src/clock.ts';
import { isDeeper, MAX_DEPTH } from '../../src/schemas/json/depth.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';

/** The outcome, or a failure when its result is too long, nested too deeply, or does not match the task's output schema. */
export function checkResult(
  task: LoadedTask,
  outcome: Outcome,
  attempt: number,
  maxBytes: number,
  clock: Clock,
): Outcome {
  if (outcome.kind !== 'completed') return outcome;
  const { result } = outcome;
  const bytes = Buffer.byteLength(result);
  if (bytes > maxBytes || isDeeper(result, MAX_DEPTH)) {
    const { name, message } = bytes > maxBytes ? tooLargeResult(bytes, maxBytes) : tooDeepResult;
    return detectedFailure(name, message, attempt, clock.wall(), { retryable: false });
  }
  if (task.output === undefined) return outcome;
  const faults = task.validateOutput(JSON.parse(result));
  if (faults.length === 0) return outcome;
  const message = `The result does not match the output schema of the task "${task.name}"`;
  return detectedFailure('invalid-output', message, attempt, clock.wall(), { retryable: true, data: faults });
}
