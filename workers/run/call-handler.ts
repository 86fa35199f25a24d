import { encodeResult, type Outcome, thrownFailure } from '../../src/attempts/outcome.ts';
import type { Clock } from '../../src/clock.ts';
import type { TaskContext, TaskHandler } from '../../src/tasks/types.ts';
import { type AttemptTrace, callTraced } from './attempt-trace.ts';

export type MaybePromise<T> = T | Promise<T>;

/** Runs the handler once. Returns a promise only if the handler does; never throws or rejects. */
export function callHandler(
  handler: TaskHandler,
  payload: unknown,
  ctx: TaskContext,
  clock: Clock,
  trace: AttemptTrace,
): MaybePromise<Outcome> {
  const completed = (value: unknown): Outcome => ({ kind: 'completed', result: encodeResult(value) });
  const failed = (thrown: unknown) => thrownFailure(thrown, ctx.job.attempt, clock.wall());
  try {
    const returned = callTraced(trace, handler, payload, ctx);
    return isThenable(returned)
      ? Promise.resolve(returned).then(completed).catch(failed)
      : completed(returned);
  } catch (thrown) {
    return failed(thrown);
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
