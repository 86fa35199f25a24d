import { syncBuiltinESMExports } from 'node:module';
import { thrownFailure } from '../../src/attempts/outcome.ts';
import type { Clock } from '../../src/clock.ts';
import type { Observer } from '../../src/observer.ts';
import type { ErrorOrigin } from '../../src/schemas/values/names.ts';
import { type AttemptTrace, currentTrace } from '../run/attempt-trace.ts';

/** Ends this process. Code of tasks gets functions that throw instead. */
export const exitProcess: (code: number) => never = process.exit.bind(process);

/** Thrown in a task that tries to end its worker process, so that the code behind the call does not run. */
class ProcessExit extends Error {
  override readonly name = 'ProcessExit';

  constructor(call: string) {
    super(`The task called ${call}, which would end the worker process. Throw an error instead`);
  }
}

export interface UncaughtErrorParts {
  /** The attempt that this process runs alone: an error of unknown origin is its own. */
  only: () => AttemptTrace | undefined;
  clock: Clock;
  observe: Observer;
  /** Name of the lease of this process. */
  lease: string;
  /** The state of this process is in doubt. `isKnown`: the error has failed a running attempt. May be called again. */
  onDoubt: (isKnown: boolean) => void;
}

/**
 * Finds the attempt whose code left an error uncaught, and fails it. Without this Node would end the process, and all of
 * its jobs would lose an attempt.
 */
export class UncaughtErrors {
  readonly #parts: UncaughtErrorParts;
  #isUnknownReported = false;

  constructor(parts: UncaughtErrorParts) {
    this.#parts = parts;
  }

  /** Call it once in the life of a process. */
  install(): void {
    process.on('unhandledRejection', (reason) => this.handle(reason, 'unhandledRejection'));
    process.on('uncaughtException', (error) => this.handle(error, 'uncaughtException'));
    process.exit = (code) => this.#refuse(`process.exit(${code ?? ''})`);
    process.abort = () => this.#refuse('process.abort()');
    // For tasks that write `import { exit } from 'node:process'`.
    syncBuiltinESMExports();
  }

  handle(thrown: unknown, origin: ErrorOrigin): void {
    const { clock, only, onDoubt } = this.#parts;
    const trace = currentTrace() ?? only();
    const running = trace?.running;
    if (trace !== undefined) running?.fail(thrownFailure(thrown, trace.job.attempt, clock.wall(), origin));
    this.#report(trace, thrown, origin);
    // A throw out of a callback may have left work of others half done, as Node warns. A rejection has not.
    const isHarmless = origin !== 'uncaughtException' && trace !== undefined;
    if (!isHarmless) onDoubt(running !== undefined);
  }

  #refuse(call: string): never {
    const error = new ProcessExit(call);
    this.handle(error, 'process.exit');
    throw error;
  }

  /** Once for each attempt, since a timer that it left behind may throw again and again. */
  #report(trace: AttemptTrace | undefined, error: unknown, origin: ErrorOrigin): void {
    const { observe, lease } = this.#parts;
    if (trace === undefined) {
      if (!this.#isUnknownReported)
        observe({ kind: 'uncaught-error', lease, origin, from: 'unknown', error });
      this.#isUnknownReported = true;
      return;
    }
    if (trace.isReported) return;
    trace.isReported = true;
    const { id: job, queue, task, attempt } = trace.job;
    const from = trace.running === undefined ? 'ended attempt' : 'running attempt';
    observe({ kind: 'uncaught-error', queue, task, job, attempt, lease, origin, from, error });
  }
}
