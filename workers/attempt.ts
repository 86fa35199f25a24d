import type { LoadedTask, TaskContext } from '../src/tasks/types.ts';
import { failure, type Outcome, refusal, resultText } from './outcome.ts';

/** Runs the handler once and says how that ended. Never rejects. */
export async function attempt(task: LoadedTask, payload: unknown, ctx: TaskContext): Promise<Outcome> {
  const number = ctx.job.attempt;
  try {
    const value = await task.handler(payload, ctx);
    const faults = task.validateOutput(value);
    if (faults.length > 0) {
      const message = `The task "${task.name}" returned what its output schema refuses`;
      return refusal('invalid-output', message, number, Date.now(), { retryable: true, data: faults });
    }
    return { kind: 'completed', result: resultText(value) };
  } catch (thrown) {
    return failure(thrown, number, Date.now());
  }
}
