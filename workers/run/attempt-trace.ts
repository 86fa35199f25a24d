import { AsyncLocalStorage } from 'node:async_hooks';
import type { Outcome } from '../../src/attempts/outcome.ts';
import type { TaskContext, TaskHandler } from '../../src/tasks/types.ts';

/** What an uncaught error can fail: a running job, or the attempt of a thread. */
export interface Failable {
  fail(failure: Outcome): void;
}

/**
 * Names the attempt for which code runs, also in its timers, callbacks and floating promises. A socket that outlives the
 * attempt keeps this object, so it lets the job go when the handler has ended.
 */
export class AttemptTrace {
  readonly job: TaskContext['job'];
  /** Whether an uncaught error of the attempt is in the log. */
  isReported = false;
  #attempt: Failable | undefined;

  constructor(job: TaskContext['job'], attempt: Failable) {
    this.job = job;
    this.#attempt = attempt;
  }

  /** The attempt, until its handler has ended. */
  get running(): Failable | undefined {
    return this.#attempt;
  }

  handlerEnded(): void {
    this.#attempt = undefined;
  }
}

/** Code of task files that runs for no attempt: their import, and what it leaves behind. */
const TASK_FILES = Symbol('task files');
const traces = new AsyncLocalStorage<AttemptTrace | typeof TASK_FILES>();

/** Calls the handler so that its uncaught errors can be traced to its attempt. */
export const callTraced = (
  trace: AttemptTrace,
  handler: TaskHandler,
  payload: unknown,
  ctx: TaskContext,
): unknown => traces.run(trace, handler, payload, ctx);

export const importTraced = <T>(load: () => T): T => traces.run(TASK_FILES, load);

/** The attempt for which this code runs. */
export function currentTrace(): AttemptTrace | undefined {
  const trace = traces.getStore();
  return trace === TASK_FILES ? undefined : trace;
}

/** Whether this code was left behind by the import of a task file. */
export const isOfTaskFile = (): boolean => traces.getStore() === TASK_FILES;
