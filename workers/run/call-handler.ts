import { failure, type Outcome, refusal, resultText } from '../../src/lifecycle/outcome.ts';
import type { LoadedTask, TaskContext, TaskHandler } from '../../src/tasks/types.ts';

export type MaybePromise<T> = T | Promise<T>;

/** Runs the handler once and says how that ended; at once when the handler answers at once. Never throws or rejects. */
export function callHandler(handler: TaskHandler, payload: unknown, ctx: TaskContext): MaybePromise<Outcome> {
  const completed = (value: unknown): Outcome => ({ kind: 'completed', result: resultText(value) });
  const failed = (thrown: unknown) => failure(thrown, ctx.job.attempt, Date.now());
  try {
    const returned = handler(payload, ctx);
    return isThenable(returned)
      ? Promise.resolve(returned).then(completed).catch(failed)
      : completed(returned);
  } catch (thrown) {
    return failed(thrown);
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** The outcome, or a failure when the result, as it would be stored, is not what the task promises, or too long. */
export function checkResult(task: LoadedTask, outcome: Outcome, attempt: number, maxBytes: number): Outcome {
  if (outcome.kind !== 'completed') return outcome;
  const bytes = Buffer.byteLength(outcome.result);
  if (bytes > maxBytes) {
    const message = `The result has ${bytes} bytes of JSON; at most ${maxBytes} are stored (MAX_PAYLOAD_BYTES). Store it elsewhere, and return where`;
    return refusal('result-too-large', message, attempt, Date.now(), { retryable: false });
  }
  if (task.output === undefined) return outcome;
  const faults = task.validateOutput(JSON.parse(outcome.result));
  if (faults.length === 0) return outcome;
  const message = `The task "${task.name}" returned what its output schema refuses`;
  return refusal('invalid-output', message, attempt, Date.now(), { retryable: true, data: faults });
}
