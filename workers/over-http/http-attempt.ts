import type { Outcome } from '../../src/attempts/outcome.ts';
import { systemClock } from '../../src/clock.ts';
import type { LeasedJob } from '../../src/schemas/lease.ts';
import type { LoadedTask, LogLevel, TaskContext } from '../../src/tasks/types.ts';
import { type AbortCause, JobAborted } from '../run/abort.ts';
import { applyAbort } from '../run/apply-abort.ts';
import { AttemptTrace } from '../run/attempt-trace.ts';
import { callHandler } from '../run/call-handler.ts';
import { checkResult } from '../run/check-result.ts';
import { PATIENCE_MS } from '../run/running-job.ts';
import { Reports, type ReportsParts } from './reports.ts';

/** How long a job waits that this worker's schema refuses: a worker of another release may take it. */
const REFUSED_DELAY_MS = 5_000;

/** One attempt of a job that this worker has taken over HTTP; it is the context of its handler, too. */
export class HttpAttempt implements TaskContext {
  readonly job: TaskContext['job'];
  declare readonly trace?: TaskContext['trace'];
  declare readonly lastCheckpoint?: unknown;
  readonly signal: AbortSignal;
  readonly #taken: LeasedJob;
  readonly #task: LoadedTask;
  readonly #abort = new AbortController();
  /** Fires when no report of the attempt counts any more. */
  readonly #over = new AbortController();
  readonly #reports: Reports;
  readonly #givenUp: Promise<undefined>;
  #giveUp: () => void = () => undefined;
  #patience: NodeJS.Timeout | undefined;
  #cause: AbortCause | undefined;
  #failure: Outcome | undefined;

  constructor(
    taken: LeasedJob,
    task: LoadedTask,
    parts: Pick<ReportsParts, 'api' | 'lease' | 'leaseMs' | 'onTrouble'>,
  ) {
    const { id, queue, attempt, maxAttempts, key, metadata, trace, checkpoint } = taken;
    this.#taken = taken;
    this.#task = task;
    this.signal = this.#abort.signal;
    this.#givenUp = new Promise((resolve) => {
      this.#giveUp = () => resolve(undefined);
    });
    this.#reports = new Reports({
      ...parts,
      id,
      over: this.#over.signal,
      onLost: () => this.abort('lease-lost'),
    });
    this.job = {
      id,
      queue,
      task: taken.task,
      attempt,
      maxAttempts: maxAttempts === 'unlimited' ? Number.POSITIVE_INFINITY : maxAttempts,
      lease: parts.lease,
      ...(key !== undefined && { key }),
      ...(metadata !== undefined && { metadata }),
    };
    if (trace !== undefined) this.trace = trace;
    if (checkpoint !== undefined) this.lastCheckpoint = checkpoint;
  }

  // Arrow functions, so that a handler may destructure the context.
  readonly progress = (value: unknown): void => {
    if (!this.#over.signal.aborted) this.#reports.progress(value);
  };

  readonly log = (text: string, level?: LogLevel): void => {
    if (!this.#over.signal.aborted) this.#reports.log(text, level);
  };

  readonly checkpoint = async (value: unknown): Promise<void> => {
    if (this.#over.signal.aborted) throw new Error('The attempt has ended: its checkpoint is not stored');
    await this.#reports.checkpoint(value);
  };

  /** Runs the handler. Resolves to how the attempt has ended, once its other reports are sent. */
  async run(): Promise<Outcome> {
    const { payload, timeoutMs } = this.#taken;
    const task = this.#task;
    if (task.validateInput(payload).length > 0) return { kind: 'released', delayMs: REFUSED_DELAY_MS };
    const trace = new AttemptTrace(this.job, this);
    const timer = setTimeout(() => this.abort('timeout'), timeoutMs);
    const handled = callHandler(task.handler, payload, this, systemClock, trace);
    const ended = await Promise.race([handled, this.#givenUp]);
    clearTimeout(timer);
    clearTimeout(this.#patience);
    trace.handlerEnded();
    const { attempt } = this.job;
    // How long a result may be is for the API to say.
    const checked = ended && checkResult(task, ended, attempt, Number.POSITIVE_INFINITY, systemClock);
    const state = { abortCause: this.#cause, attempt, failure: this.#failure };
    const outcome = applyAbort(state, checked, timeoutMs, systemClock);
    if (this.#cause !== 'lease-lost') await this.#reports.end();
    this.dropReports();
    return outcome;
  }

  /** What is not reported yet will not be. */
  dropReports(): void {
    this.#over.abort(new JobAborted(this.#cause ?? 'lease-lost'));
  }

  /** The first cause wins. */
  abort(cause: AbortCause): void {
    if (this.#cause !== undefined || this.#over.signal.aborted) return;
    this.#cause = cause;
    this.#patience = setTimeout(this.#giveUp, PATIENCE_MS[cause]);
    this.#abort.abort(new JobAborted(cause));
  }

  /** An error that the promise of the handler does not carry. */
  fail(failure: Outcome): void {
    this.#failure ??= failure;
    this.abort('uncaught');
    this.#giveUp();
  }
}
