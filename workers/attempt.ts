import type { LoadedTask, TaskContext, TaskHandler } from '../src/tasks/types.ts';
import { failure, type Outcome, refusal, resultText } from './outcome.ts';

/** Runs the handler once and says how that ended. Never rejects. */
export async function callHandler(
  handler: TaskHandler,
  payload: unknown,
  ctx: TaskContext,
): Promise<Outcome> {
  try {
    return { kind: 'completed', result: resultText(await handler(payload, ctx)) };
  } catch (thrown) {
    return failure(thrown, ctx.job.attempt, Date.now());
  }
}

/** The outcome, or a failure when the result, as it would be stored, is not what the task promises. */
export function checkOutput(task: LoadedTask, outcome: Outcome, attempt: number): Outcome {
  if (outcome.kind !== 'completed' || task.output === undefined) return outcome;
  const faults = task.validateOutput(JSON.parse(outcome.result));
  if (faults.length === 0) return outcome;
  const message = `The task "${task.name}" returned what its output schema refuses`;
  return refusal('invalid-output', message, attempt, Date.now(), { retryable: true, data: faults });
}
